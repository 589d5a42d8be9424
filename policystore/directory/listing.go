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
	"time"
)

// A Layout says which files a directory may contain, by their paths.
type Layout struct {
	MaxSize  func(path string) int64 // the largest size of a file, in bytes
	MaxTotal int64                   // the largest size of all files together, in bytes; 0 is 256 MiB, which is also the maximum
	Skips    func(path string) bool  // reports whether a file is not part of the tree
	IsSecret func(path string) bool  // reports whether others must not be able to read a file; nil for none
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

	notifier   *Notifier // watches a directory before it is read; may be nil
	trusted    time.Time // when the listing before began
	processors int       // that list at the same time

	folders, files int
	size           int64 // of all files

	foundFiles   []file // of the directories that are being listed
	foundFolders []*folder
}

// A folder is the contents of one directory of a listing. It is immutable.
type folder struct {
	stamp
	place
	entries []entry
	files   []file
	folders []*folder
}

// A file is one that belongs to the tree.
type file struct {
	stamp
	place
}

// An entry is a name in a directory.
type entry struct {
	place
	isDirectory bool
	isPrintable bool
}

// A place is where a file or directory is.
type place struct {
	onDisk string // the absolute path
	path   string // below the root of the listing, a part of onDisk; "" for the root itself
}

// list lists the tree below root. It does not read a directory again that is unchanged
// since known, an earlier listing or nil. A notifier, if not nil, watches each directory
// before it is read. It uses this number of processors. The listing contains the faults of
// what could not be listed. complete is false if the tree exceeds a limit.
func list(root string, layout Layout, known *listing, n *Notifier, processors int) (l *listing, complete bool) {
	l = newListing(root, layout)
	l.notifier, l.processors = n, processors
	var seen look
	if known != nil {
		l.trusted, seen.known = known.begun, known.root
	}
	whole := entry{place: place{onDisk: root}, isDirectory: true, isPrintable: true}
	l.look(&whole, &seen)
	var err error
	l.root, err = l.walk(whole.place, &seen)
	return l, !l.faults.add(err)
}

func newListing(root string, layout Layout) *listing {
	return &listing{absolute: root, layout: layout, begun: time.Now()}
}

// walk lists a directory, after a look at it, and those below it. It collects the faults of
// single files, and returns nil for a directory that cannot be read. The error is one after
// which the walk ends.
func (l *listing) walk(at place, seen *look) (*folder, error) {
	if l.folders == maxFiles {
		return nil, fault(nameOf(at.path), fmt.Sprintf("the policy directory contains more than %d folders", maxFiles), "remove everything that is not a policy")
	}
	if seen.err != nil {
		l.faults.add(unreadable(nameOf(at.path), seen.err))
		return nil, nil
	}
	l.folders++
	if seen.isKnown {
		return seen.known, l.count(seen.known.files)
	}
	firstFile, firstFolder := len(l.foundFiles), len(l.foundFolders)
	var err error
	for start := 0; start < len(seen.entries) && err == nil; start += lookAhead {
		entries := seen.entries[start:min(start+lookAhead, len(seen.entries))]
		looks := l.lookAt(entries, seen.known, len(l.foundFolders)-firstFolder, seen.below)
		for i := range entries {
			if err = l.enter(&entries[i], &looks[i], seen.known.stampOf(entries[i].path, len(l.foundFiles)-firstFile)); err != nil {
				break
			}
		}
	}
	return l.folder(folder{seen.now, at, seen.entries, l.foundFiles[firstFile:], l.foundFolders[firstFolder:]}, seen.known), err
}

// enter adds an entry after a look at it. before is the stamp of a file in an earlier listing.
func (l *listing) enter(e *entry, seen *look, before stamp) error {
	switch {
	case !e.isPrintable:
		l.faults.add(fault(printable(e.path), "the name contains characters that cannot be printed", "rename it with printable characters only, or remove it"))
	case e.isDirectory && l.layout.IsFile(e.path):
		l.faults.add(fault(e.path, "is a folder", "replace it with a file of that name, or remove it"))
	case e.isDirectory:
		below, err := l.walk(e.place, seen)
		if below != nil {
			l.foundFolders = append(l.foundFolders, below)
		}
		return err
	default:
		return l.add(e.place, seen, before)
	}
	return nil
}

// folder returns a folder whose files and folders are the last that were found: the known
// one if it is equal, so that memory is used only for what changed.
func (l *listing) folder(f folder, known *folder) *folder {
	l.foundFiles, l.foundFolders = l.foundFiles[:len(l.foundFiles)-len(f.files)], l.foundFolders[:len(l.foundFolders)-len(f.folders)]
	if known != nil && known.stamp == f.stamp && slices.Equal(known.entries, f.entries) && slices.Equal(known.files, f.files) && slices.Equal(known.folders, f.folders) {
		return known
	}
	f.files, f.folders = slices.Clone(f.files), slices.Clone(f.folders)
	return &f
}

// open returns the stamp and the entries of a directory.
func (l *listing) open(at place, known *folder) (now stamp, entries []entry, err error) {
	now, _, err = statusOf(at.onDisk, false)
	if err != nil {
		return now, nil, err
	}
	if known != nil && known.unchanged(now, l.trusted) {
		return now, known.entries, nil
	}
	if l.notifier != nil {
		l.notifier.add(at.onDisk, now)
	}
	entries, err = readEntries(at)
	return now, entries, err
}

// readEntries reads the names in a directory. It skips those that begin with a dot.
func readEntries(at place) ([]entry, error) {
	found, err := os.ReadDir(at.onDisk)
	if err != nil {
		return nil, err
	}
	prefix := strings.TrimSuffix(at.onDisk, "/") + "/"
	root := len(prefix)
	if at.path != "" {
		root = len(at.onDisk) - len(at.path)
	}
	entries := make([]entry, 0, len(found))
	for _, e := range found {
		if name := e.Name(); !strings.HasPrefix(name, ".") {
			onDisk := prefix + name
			entries = append(entries, entry{place{onDisk, onDisk[root:]}, e.IsDir(), printable(name) == name})
		}
	}
	return entries, nil
}

// add adds a file, unless it is not part of the tree: the limits apply only to files that
// are read. before is its stamp in an earlier listing. The error is that of a limit of the
// whole directory.
func (l *listing) add(at place, seen *look, before stamp) error {
	if seen.err != nil {
		l.faults.add(unreadable(at.path, seen.err))
		return nil
	}
	found := file{seen.now, at}
	if seen.now != before && !l.accepts(found, seen.isRegular) {
		return nil
	}
	l.foundFiles = append(l.foundFiles, found)
	return l.count(l.foundFiles[len(l.foundFiles)-1:])
}

// count counts files. The error is that of a limit of the whole directory.
func (l *listing) count(files []file) error {
	for i := range files {
		l.size += files[i].size
		l.files++
		if err := l.checkTotals(files[i].path); err != nil {
			return err
		}
	}
	return nil
}

// accepts reports whether a file belongs to the tree. It adds the fault of one that must
// not be in the directory.
func (l *listing) accepts(f file, isRegular bool) bool {
	name := treePath(f.path)
	switch limit := l.layout.MaxSize(name); {
	case !isRegular:
		l.faults.add(fault(f.path, "not a regular file", "remove it from the policy directory"))
		return false
	case l.layout.Skips(name):
		return false
	case l.layout.IsSecret != nil && l.layout.IsSecret(name) && f.mode&openToOthers != 0:
		l.faults.add(fault(f.path, fmt.Sprintf("the mode %#o lets others read its secrets, or its group change them", f.mode), "use chmod 0600, or defaultMode: 0440 of a Kubernetes volume"))
		return false
	case f.size > limit:
		l.faults.add(fault(f.path, fmt.Sprintf("larger than %d MiB", limit>>20), "remove it, or split its contents among several files"))
		return false
	}
	return true
}

// openToOthers has the permissions that a file with secrets does not give. Its group may read
// it, because a volume of Kubernetes has a group and not an owner.
const openToOthers fs.FileMode = 0o027

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
	modified, changed int64       // in nanoseconds since 1970; changed is 0 if it is not known
	mode              fs.FileMode // permissions only
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
