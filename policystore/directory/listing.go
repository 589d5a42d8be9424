package directory

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Layout says which files a directory may contain, by their paths.
type Layout struct {
	MaxSize  func(path string) int64 // the largest size of a file, in bytes
	MaxTotal int64                   // the largest size of all files together, in bytes; 0 is 256 MiB, which is also the maximum
	Skips    func(path string) bool  // reports whether a file is not part of the tree
	IsFile   func(path string) bool  // reports whether a directory of that path is an error: instead of a file, an empty one would be missed
}

// Limits of a directory as a whole. They are far above what a registry needs. They keep
// a wrong path, such as a home directory, from exhausting the process's memory.
const (
	maxTreeSize = 256 << 20 // bytes
	maxFiles    = 100_000   // and as many folders
)

// A listing is the contents of a directory tree, not read yet. Links to files count as
// files.
type listing struct {
	root        string
	layout      Layout
	begun       time.Time
	files       map[string]stamp     // by absolute path
	order       []string             // the paths of the files, in the order of the walk
	size        int64                // of all files
	directories map[string]directory // by absolute path, including the root
	faults      faults
}

// A directory is the contents of one directory of a listing.
type directory struct {
	stamp
	entries []fs.DirEntry
}

// list lists the tree below root. It does not read a directory again that is unchanged
// since known, an earlier listing or nil. The listing contains the faults of what could
// not be listed. complete is false if the tree exceeds a limit.
func list(root string, layout Layout, known *listing) (l *listing, complete bool) {
	l = newListing(root, layout)
	return l, !l.faults.add(l.walk(root, known))
}

func newListing(root string, layout Layout) *listing {
	return &listing{root: root, layout: layout, begun: time.Now(), files: map[string]stamp{}, directories: map[string]directory{}}
}

// walk lists a directory and those below it. It collects the faults of single files. The
// error is one after which the walk ends.
func (l *listing) walk(path string, known *listing) error {
	if len(l.directories) == maxFiles {
		return fault(l.nameOf(path), fmt.Sprintf("the policy directory contains more than %d folders", maxFiles), "remove everything that is not a policy")
	}
	entries, err := l.enter(path, known)
	if err != nil {
		l.faults.add(unreadable(l.nameOf(path), err))
		return nil
	}
	for _, e := range entries {
		below := strings.TrimSuffix(path, "/") + "/" + e.Name()
		name := l.nameOf(below)
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case printable(e.Name()) != e.Name():
			l.faults.add(fault(printable(name), "the name contains characters that cannot be printed", "rename it with printable characters only, or remove it"))
		case e.IsDir() && l.layout.IsFile(name):
			l.faults.add(fault(name, "is a folder", "replace it with a file of that name, or remove it"))
		case e.IsDir():
			err = l.walk(below, known)
		default:
			err = l.add(below, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enter adds a directory and returns its entries.
func (l *listing) enter(path string, known *listing) ([]fs.DirEntry, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	d := directory{stamp: stampOf(info)}
	if before, same := known.directory(path, d.stamp); same {
		d.entries = before.entries
	} else if d.entries, err = os.ReadDir(path); err != nil {
		return nil, err
	}
	l.directories[path] = d
	return d.entries, nil
}

// add adds a file, unless it is not part of the tree: the limits apply only to files that
// are read. The error is that of a limit of the whole directory.
func (l *listing) add(path, name string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		l.faults.add(unreadable(name, err))
		return nil
	case info.Mode().IsRegular() && l.layout.Skips(treePath(name)):
		return nil
	}
	limit := l.layout.MaxSize(treePath(name))
	switch {
	case !info.Mode().IsRegular():
		l.faults.add(fault(name, "not a regular file", "remove it from the policy directory"))
		return nil
	case info.Size() > limit:
		l.faults.add(fault(name, fmt.Sprintf("larger than %d MiB", limit>>20), "remove it, or split its contents among several files"))
		return nil
	}
	l.size += info.Size()
	l.files[path] = stampOf(info)
	l.order = append(l.order, path)
	return l.checkTotals(name)
}

// checkTotals returns an error if the files so far, of which name is the last, exceed a
// limit of the whole directory.
func (l *listing) checkTotals(name string) error {
	const split = "remove everything that is not a policy, or divide the registries among several directories"
	switch most := l.layout.MaxTotal; {
	case most > 0 && l.size > most:
		return fault(name, fmt.Sprintf("the policy directory contains more than %d bytes, all the memory that loading it may use", most),
			"remove everything that is not a policy, raise --load-memory, or divide the registries among several sidecars")
	case l.size > maxTreeSize:
		return fault(name, fmt.Sprintf("the policy directory contains more than %d MiB", maxTreeSize>>20), split)
	case len(l.files) > maxFiles:
		return fault(name, fmt.Sprintf("the policy directory contains more than %d files", maxFiles), split)
	}
	return nil
}

// directory returns the listed directory of that path, and whether it is unchanged.
func (l *listing) directory(path string, now stamp) (directory, bool) {
	if l == nil {
		return directory{}, false
	}
	d, found := l.directories[path]
	return d, found && d.unchanged(now, l.begun)
}

// has reports whether the file of that path is unchanged since it was listed.
func (l *listing) has(path string, now stamp) bool {
	before, found := l.files[path]
	return found && before.unchanged(now, l.begun)
}

// nameOf returns the name in errors of the root, or of a file or directory below it.
func (l *listing) nameOf(path string) string {
	name, found := strings.CutPrefix(path, strings.TrimSuffix(l.root, "/")+"/")
	if !found || name == "" {
		return rootName
	}
	return name
}

// printable returns a name unchanged, or quoted if it contains characters that would
// break the line of an error or hide the name.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted[1:len(quoted)-1] != name {
		return quoted
	}
	return name
}

// A stamp identifies one state of a file or directory, by what the file system reports
// about it. A program that writes a file can reset its time of modification, but not that
// of its last change.
type stamp struct {
	device, inode     uint64
	size              int64
	modified, changed time.Time
}

// unchanged reports whether a file that had stamp s at a moment, and was read after it,
// still has the same content if its stamp is now the given one. A change shortly before
// that moment makes it report false: clocks of file systems tick, and a second change
// within a tick has the same time.
func (s stamp) unchanged(now stamp, moment time.Time) bool {
	return s == now && !s.changed.IsZero() && s.changed.Add(LongestTick).Before(moment)
}

// LongestTick is longer than a tick of a file system's clock: 2 s on FAT, 1 s on some
// network file systems, and a few milliseconds elsewhere. If the clock of a file server
// is later than that, or an image is mounted again with equal times and numbers, the
// next poll finds the change.
const LongestTick = 3 * time.Second

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), modified: info.ModTime().Round(0).UTC()}
	if system, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode, s.changed = uint64(system.Dev), system.Ino, changeTime(system)
	}
	return s
}
