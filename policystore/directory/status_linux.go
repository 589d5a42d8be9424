package directory

import (
	"io/fs"
	"syscall"
)

// statusOf returns the stamp of a file, and whether it is a regular file. follows reports
// whether a link counts as the file that it leads to. It does without an [fs.FileInfo],
// which takes most of the time for thousands of files.
func statusOf(path string, follows bool) (s stamp, isRegular bool, err error) {
	stat := syscall.Lstat
	if follows {
		stat = syscall.Stat
	}
	var system syscall.Stat_t
	for {
		if err = stat(path, &system); err != syscall.EINTR { //nolint:errorlint // not wrapped
			break
		}
	}
	if err != nil {
		return s, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return stampOfStatus(&system), system.Mode&syscall.S_IFMT == syscall.S_IFREG, nil
}

func stampOf(info fs.FileInfo) stamp {
	system, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{size: info.Size(), mode: info.Mode().Perm()}
	}
	return stampOfStatus(system)
}

func stampOfStatus(system *syscall.Stat_t) stamp {
	return stamp{
		device: uint64(system.Dev), inode: system.Ino, size: system.Size,
		modified: system.Mtim.Nano(), changed: system.Ctim.Nano(),
		mode: fs.FileMode(system.Mode).Perm(),
	}
}
