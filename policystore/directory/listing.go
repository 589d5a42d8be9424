package directory

import (
	"cmp"
	"fmt"
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
// files. It is two tables, because a tree may have many small folders.
type listing struct {
	absolute string // the root
	prefix   string // of absolute paths in it
	layout   Layout
	begun    time.Time
	folders  []folder // level by level: the root, the folders in it, the folders in those
	files    []file   // those in the first folder, then those in the second
	size     int64    // of all files
	faults   faults

	// unchanged has a value for each file: whether it need not be read again, because it is
	// unchanged since the listing before.
	unchanged []bool
}

// A folder is a directory of a listing. What is in it is in the tables from where that of the
// folder before ends, in the order of the names.
type folder struct {
	stamp
	path       string // absolute; the notifier's watch has the same string
	foldersEnd int32
	filesEnd   int32
}

// A file is one that belongs to the tree.
type file struct {
	stamp
	path string // below the root
}

func newListing(root string, layout Layout) *listing {
	return &listing{absolute: root, prefix: join(root, ""), layout: layout, begun: time.Now()}
}

// foldersIn returns which folders are in the i-th.
func (l *listing) foldersIn(i int) (first, end int) {
	if i == 0 {
		return 1, int(l.folders[0].foldersEnd)
	}
	return int(l.folders[i-1].foldersEnd), int(l.folders[i].foldersEnd)
}

// filesIn returns which files are in the i-th folder.
func (l *listing) filesIn(i int) (first, end int) {
	if i == 0 {
		return 0, int(l.folders[0].filesEnd)
	}
	return int(l.folders[i-1].filesEnd), int(l.folders[i].filesEnd)
}

// folderIn returns the number of a folder in the i-th by its name, -1 if it or the i-th does
// not exist.
func (l *listing) folderIn(i int, name string) int {
	if i < 0 {
		return -1
	}
	first, end := l.foldersIn(i)
	at, found := slices.BinarySearchFunc(l.folders[first:end], name, func(f folder, name string) int { return cmp.Compare(lastName(f.path), name) })
	if !found {
		return -1
	}
	return first + at
}

// fileIn returns the number of a file in the i-th folder by its name, -1 if it or the folder
// does not exist.
func (l *listing) fileIn(i int, name string) int {
	if i < 0 {
		return -1
	}
	first, end := l.filesIn(i)
	at, found := slices.BinarySearchFunc(l.files[first:end], name, func(f file, name string) int { return cmp.Compare(lastName(f.path), name) })
	if !found {
		return -1
	}
	return first + at
}

// findFolder returns the number of a folder by its path below the root, -1 if it does not
// exist.
func (l *listing) findFolder(path string) int {
	if len(l.folders) == 0 {
		return -1
	}
	i := 0
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		i = l.folderIn(i, name)
	}
	return i
}

// findFile returns the number of a file by its path below the root, -1 if it does not exist.
func (l *listing) findFile(path string) int {
	name := lastName(path)
	folder := strings.TrimSuffix(path[:len(path)-len(name)], "/")
	return l.fileIn(l.findFolder(folder), name)
}

// below returns the path below the root of the absolute path of a folder, "" for the root.
func (l *listing) below(absolute string) string { return absolute[min(len(l.prefix), len(absolute)):] }

// has reports whether an absolute path is that of a folder.
func (l *listing) has(absolute string) bool { return l.numberOf(absolute) >= 0 }

// numberOf returns the number of a folder by its absolute path, -1 if it does not exist.
func (l *listing) numberOf(absolute string) int {
	if absolute != l.absolute && !strings.HasPrefix(absolute, l.prefix) {
		return -1
	}
	return l.findFolder(l.below(absolute))
}

// sharesFolders reports whether two listings have the same table of folders.
func (l *listing) sharesFolders(m *listing) bool {
	return len(l.folders) > 0 && len(l.folders) == len(m.folders) && &l.folders[0] == &m.folders[0]
}

// onDisk returns the absolute path of a file.
func (l *listing) onDisk(f *file) string { return l.prefix + f.path }

// hasFilesOf reports whether two listings contain the same folders, and the same
// files, unchanged.
func (l *listing) hasFilesOf(m *listing) bool {
	return slices.Equal(l.files, m.files) && slices.EqualFunc(l.folders, m.folders, func(f, g folder) bool { return f.path == g.path })
}

// untrusted returns the listing for one after it of the same root, nil otherwise: the later
// listing shares its paths, but reads everything again.
func (l *listing) untrusted(root string) *listing {
	if l == nil || l.absolute != root {
		return nil
	}
	untrusted := *l
	untrusted.begun = time.Time{}
	return &untrusted
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
const openToOthers = 0o027

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

// nameOf returns the name in errors of a path below the root.
func nameOf(path string) string { return cmp.Or(path, rootName) }

// lastName returns the name of a path in its directory.
func lastName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// join returns the path of a name in a directory.
func join(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// printable returns a name unchanged, or quoted if it contains characters that would
// break the line of an error or hide the name.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted[1:len(quoted)-1] != name {
		return quoted
	}
	return name
}
