package directory

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
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
// files. It shares the folders that are unchanged with the listing before.
type listing struct {
	absolute string // the root
	layout   Layout
	begun    time.Time
	root     *folder // nil if it could not be listed
	faults   faults

	enter   func(path string, s stamp) // is called before a directory is read; may be nil
	trusted time.Time                  // when the listing before began

	folders, files int
	size           int64 // of all files
}

// A folder is the contents of one directory of a listing. It is immutable.
type folder struct {
	stamp
	path    string // below the root of the listing; "" for the root itself
	entries []entry
	files   []file
	folders []*folder
}

// A file is one that belongs to the tree.
type file struct {
	stamp
	path string // below the root of the listing
}

// An entry is a name in a directory.
type entry struct {
	path        string // below the root of the listing
	isDirectory bool
	isPrintable bool
}

// list lists the tree below root. It does not read a directory again that is unchanged
// since known, an earlier listing or nil, and calls enter before it reads one. The listing
// contains the faults of what could not be listed. complete is false if the tree exceeds a
// limit.
func list(root string, layout Layout, known *listing, enter func(string, stamp)) (l *listing, complete bool) {
	l = newListing(root, layout)
	l.enter = enter
	var before *folder
	if known != nil {
		l.trusted, before = known.begun, known.root
	}
	var err error
	l.root, err = l.walk("", before)
	return l, !l.faults.add(err)
}

func newListing(root string, layout Layout) *listing {
	return &listing{absolute: root, layout: layout, begun: time.Now()}
}

// walk lists a directory and those below it. known is the directory in an earlier listing,
// or nil. It collects the faults of single files, and returns nil for a directory that
// cannot be read. The error is one after which the walk ends.
func (l *listing) walk(path string, known *folder) (*folder, error) {
	if l.folders == maxFiles {
		return nil, fault(nameOf(path), fmt.Sprintf("the policy directory contains more than %d folders", maxFiles), "remove everything that is not a policy")
	}
	f, err := l.open(path, known)
	if err != nil {
		l.faults.add(unreadable(nameOf(path), err))
		return nil, nil
	}
	l.folders++
	for _, e := range f.entries {
		switch {
		case !e.isPrintable:
			l.faults.add(fault(printable(e.path), "the name contains characters that cannot be printed", "rename it with printable characters only, or remove it"))
		case e.isDirectory && l.layout.IsFile(e.path):
			l.faults.add(fault(e.path, "is a folder", "replace it with a file of that name, or remove it"))
		case e.isDirectory:
			var below *folder
			if below, err = l.walk(e.path, known.folder(e.path, len(f.folders))); below != nil {
				f.folders = append(f.folders, below)
			}
		default:
			err = l.add(e.path, f, known)
		}
		if err != nil {
			return f, err
		}
	}
	if f.equal(known) {
		return known, nil
	}
	return f, nil
}

// open returns a folder with its entries only.
func (l *listing) open(path string, known *folder) (*folder, error) {
	info, err := os.Lstat(l.onDisk(path))
	if err != nil {
		return nil, err
	}
	f := &folder{stamp: stampOf(info), path: path}
	if known != nil {
		f.files, f.folders = make([]file, 0, len(known.files)), make([]*folder, 0, len(known.folders))
		if known.unchanged(f.stamp, l.trusted) {
			f.entries = known.entries
			return f, nil
		}
	}
	if l.enter != nil {
		l.enter(l.onDisk(path), f.stamp)
	}
	f.entries, err = readEntries(l.onDisk(path), path)
	return f, err
}

// readEntries reads the names in a directory. It skips those that begin with a dot.
func readEntries(onDisk, path string) ([]entry, error) {
	found, err := os.ReadDir(onDisk)
	if err != nil {
		return nil, err
	}
	if path != "" {
		path += "/"
	}
	entries := make([]entry, 0, len(found))
	for _, e := range found {
		if name := e.Name(); !strings.HasPrefix(name, ".") {
			entries = append(entries, entry{path + name, e.IsDir(), printable(name) == name})
		}
	}
	return entries, nil
}

// add adds a file to its folder, unless it is not part of the tree: the limits apply only
// to files that are read. The error is that of a limit of the whole directory.
func (l *listing) add(path string, to, known *folder) error {
	info, err := os.Stat(l.onDisk(path))
	if err != nil {
		l.faults.add(unreadable(path, err))
		return nil
	}
	found := file{stampOf(info), path}
	if found.stamp != known.stampOf(path, len(to.files)) && !l.accepts(path, info) {
		return nil
	}
	to.files = append(to.files, found)
	l.size += found.size
	l.files++
	return l.checkTotals(path)
}

// accepts reports whether a file belongs to the tree. It adds the fault of one that must
// not be in the directory.
func (l *listing) accepts(path string, info fs.FileInfo) bool {
	name := treePath(path)
	switch limit := l.layout.MaxSize(name); {
	case !info.Mode().IsRegular():
		l.faults.add(fault(path, "not a regular file", "remove it from the policy directory"))
		return false
	case l.layout.Skips(name):
		return false
	case info.Size() > limit:
		l.faults.add(fault(path, fmt.Sprintf("larger than %d MiB", limit>>20), "remove it, or split its contents among several files"))
		return false
	}
	return true
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
	case l.files > maxFiles:
		return fault(name, fmt.Sprintf("the policy directory contains more than %d files", maxFiles), split)
	}
	return nil
}

// onDisk returns the absolute path of a path below the root.
func (l *listing) onDisk(path string) string {
	if path == "" {
		return l.absolute
	}
	return strings.TrimSuffix(l.absolute, "/") + "/" + path
}

// nameOf returns the name in errors of a path below the root.
func nameOf(path string) string { return cmp.Or(path, rootName) }

// folder returns a folder in f by its path, nil if it does not exist. It is probably the
// i-th.
func (f *folder) folder(path string, i int) *folder {
	if f == nil {
		return nil
	}
	if i >= len(f.folders) || f.folders[i].path != path {
		var found bool
		i, found = slices.BinarySearchFunc(f.folders, path, func(below *folder, path string) int { return cmp.Compare(below.path, path) })
		if !found {
			return nil
		}
	}
	return f.folders[i]
}

// stampOf returns the stamp of a file in f by its path, zero if it does not exist. It is
// probably the i-th.
func (f *folder) stampOf(path string, i int) stamp {
	if f == nil {
		return stamp{}
	}
	if i >= len(f.files) || f.files[i].path != path {
		var found bool
		i, found = slices.BinarySearchFunc(f.files, path, func(below file, path string) int { return cmp.Compare(below.path, path) })
		if !found {
			return stamp{}
		}
	}
	return f.files[i].stamp
}

// equal reports whether two folders are the same directory with the same contents.
func (f *folder) equal(g *folder) bool {
	return g != nil && f.stamp == g.stamp && slices.Equal(f.entries, g.entries) && slices.Equal(f.files, g.files) && slices.Equal(f.folders, g.folders)
}

// hasFilesOf reports whether two folders contain the same files, unchanged.
func (f *folder) hasFilesOf(g *folder) bool {
	if f == g {
		return true
	}
	return f != nil && g != nil && slices.Equal(f.files, g.files) && slices.EqualFunc(f.folders, g.folders, (*folder).hasFilesOf)
}

// all returns the folder and those below it, each before those in it.
func (f *folder) all() iter.Seq[*folder] {
	return func(yield func(*folder) bool) { f.visit(yield) }
}

func (f *folder) visit(yield func(*folder) bool) bool {
	if f == nil {
		return true
	}
	if !yield(f) {
		return false
	}
	for _, below := range f.folders {
		if !below.visit(yield) {
			return false
		}
	}
	return true
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
