//go:build !linux

package directory

import (
	"io/fs"
	"os"
	"syscall"
)

// statusOf returns the stamp of a file, and whether it is a regular file. follows reports
// whether a link counts as the file that it leads to.
func statusOf(path string, follows bool) (s stamp, isRegular bool, err error) {
	stat := os.Lstat
	if follows {
		stat = os.Stat
	}
	info, err := stat(path)
	if err != nil {
		return s, false, err
	}
	return stampOf(info), info.Mode().IsRegular(), nil
}

// stampOf returns the stamp of a file without the time of its last change: on this system
// no file counts as unchanged.
func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), modified: info.ModTime().UnixNano(), mode: info.Mode().Perm()}
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode = uint64(system.Dev), system.Ino
	}
	return s
}
