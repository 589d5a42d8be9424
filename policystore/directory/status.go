package directory

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// A stamp identifies one state of a file or directory, by what the file system reports
// about it. A program that writes a file can reset its time of modification, but not that
// of its last change. A stamp is small, because a listing has one for each file.
type stamp struct {
	inode             uint64
	size              int64
	modified, changed int64 // in nanoseconds since 1970
	device            uint32
	mode              uint16 // permissions only
}

// unchanged reports whether a file that had stamp s at a moment, and was read after it,
// still has the same content if its stamp is now the given one. A change shortly before
// that moment makes it report false: clocks of file systems tick, and a second change
// within a tick has the same time.
func (s stamp) unchanged(now stamp, moment time.Time) bool {
	return s == now && s.changed != 0 && s.changed+int64(LongestTick) < moment.UnixNano()
}

// LongestTick is longer than a tick of a file system's clock: 2 s on FAT, 1 s on some
// network file systems, and a few milliseconds elsewhere. If the clock of a file server
// is later than that, or an image is mounted again with equal times and numbers, the
// next poll finds the change.
const LongestTick = 3 * time.Second

// statusOf returns the stamp of a file, and whether it is a regular file. follows reports
// whether a link counts as the file that it leads to.
func statusOf(path string, follows bool) (s stamp, isRegular bool, err error) {
	return statusAt(unix.AT_FDCWD, path, follows)
}

// statusAt is statusOf for a path that is relative to an open directory: the system has
// fewer names to look up. It does without an [fs.FileInfo], which takes most of the time
// for thousands of files.
func statusAt(dir int, path string, follows bool) (s stamp, isRegular bool, err error) {
	flags := unix.AT_SYMLINK_NOFOLLOW
	if follows {
		flags = 0
	}
	system, err := uninterrupted(func() (system unix.Stat_t, err error) {
		err = unix.Fstatat(dir, path, &system, flags)
		return system, err
	})
	if err != nil {
		return s, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	s, isRegular = stampOf(&system)
	return s, isRegular, nil
}

// uninterrupted returns the result of a system call, which it repeats if a signal interrupted it.
func uninterrupted[T any](call func() (T, error)) (T, error) {
	for {
		if result, err := call(); !errors.Is(err, unix.EINTR) {
			return result, err
		}
	}
}

func stampOf(system *unix.Stat_t) (s stamp, isRegular bool) {
	return stamp{
		inode: system.Ino, size: system.Size,
		modified: system.Mtim.Nano(), changed: system.Ctim.Nano(),
		device: uint32(system.Dev), mode: uint16(fs.FileMode(system.Mode).Perm()),
	}, system.Mode&unix.S_IFMT == unix.S_IFREG
}
