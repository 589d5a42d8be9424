package directory

import (
	"io/fs"
	"syscall"
	"time"
)

// A stamp tells one state of a file or directory from its other states and from
// other files, by what the file system says of it. Whoever writes a file can set its
// time of modification back, but not that of its last change.
type stamp struct {
	device, inode     uint64
	size              int64
	modified, changed time.Time
}

// still tells whether what had the stamp at a moment, and was read thereafter, has
// the same content still, where it has the stamp now. What changed shortly before
// that moment does not count as the same: clocks of file systems tick, and a second
// change within a tick leaves no mark.
func (s stamp) still(now stamp, moment time.Time) bool {
	return s == now && !s.changed.IsZero() && s.changed.Add(LongestTick).Before(moment)
}

// LongestTick is more than the clocks of file systems take to go on: 2 s on FAT, 1 s
// on some network file systems, and a few milliseconds elsewhere. Where a file
// server's clock is further behind than this, and for images that are mounted anew
// with all their times and numbers the same, the next poll finds the change.
const LongestTick = 3 * time.Second

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), modified: info.ModTime().Round(0).UTC()}
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode, s.changed = uint64(system.Dev), system.Ino, changeTime(system)
	}
	return s
}
