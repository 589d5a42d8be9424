package directory

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// A walk makes a listing, level by level. Most of its time is that of system calls. So
// several processors look at a number of folders, and then at the files in them, before the
// walk enters one after the other.
type walk struct {
	*listing
	known      *listing  // an earlier listing, whose paths are shared; may be nil
	trusted    time.Time // what is unchanged since then need not be read again
	notifier   *Notifier // watches a directory before it is read; may be nil
	isFollowed bool      // the notifier follows the known listing
	processors int
	root       base
	origins    []origin     // of the folders
	bases      []base       // of the folders that are being entered
	looks      []folderLook // at them
	found      []fileLook   // in them
}

// An origin is where a folder was found.
type origin struct {
	parent int // the number of the folder that it is in
	known  int // its number in the known listing; -1 if it is not in it
}

// lookAhead limits how many folders are looked at before the walk enters them.
const lookAhead = 256

// list lists the tree below root. It does not read a directory again that is unchanged
// since known, an earlier listing or nil. A notifier, if not nil, watches each directory
// before it is read. It uses this number of processors. The listing contains the faults of
// what could not be listed. complete is false if the tree exceeds a limit.
func list(root string, layout Layout, known *listing, n *Notifier, processors int) (l *listing, complete bool) {
	w := walk{listing: newListing(root, layout), known: known, notifier: n, processors: processors}
	top := origin{0, -1}
	if known != nil && len(known.folders) > 0 {
		top.known = 0
		w.isFollowed = n != nil && n.follows(known)
		w.folders, w.origins = make([]folder, 0, len(known.folders)), make([]origin, 0, len(known.folders))
		w.files, w.unchanged = make([]file, 0, len(known.files)), make([]bool, 0, len(known.files))
		if known.faults.err() == nil {
			w.trusted = known.begun
		}
	}
	var err error
	if w.root, err = openBase(root, ""); err != nil {
		w.faults.add(unreadable(rootName, err))
		return w.listing, true
	}
	defer w.root.Close()
	w.push(root, top)
	for first, end := 0, 1; first < end && err == nil; first, end = end, min(end+lookAhead, len(w.folders)) {
		err = w.enterAll(first, end)
	}
	return w.listing, !w.faults.add(err)
}

// push adds a folder to those that the walk will enter.
func (w *walk) push(path string, o origin) {
	w.folders, w.origins = append(w.folders, folder{path: path}), append(w.origins, o)
}

// enterAll enters some folders. The error is one after which the walk ends.
func (w *walk) enterAll(first, end int) error {
	for _, dir := range w.open(first, end) {
		defer dir.Close()
	}
	w.looks, w.found = slices.Grow(w.looks[:0], lookAhead)[:end-first], w.found[:0]
	inParallel(w.processors, len(w.looks), func(i int) { w.looks[i] = w.lookAtFolder(first+i, w.bases[i]) })
	for i := range w.looks {
		w.enter(first+i, &w.looks[i])
		if len(w.folders) > maxFiles {
			return fault(w.below(w.folders[maxFiles].path), fmt.Sprintf("the policy directory contains more than %d folders", maxFiles), "remove everything that is not a policy")
		}
	}
	inParallel(w.processors, len(w.found), func(i int) {
		f := &w.found[i]
		f.now, f.isRegular, f.err = w.bases[f.folder-first].status(f.path, true)
	})
	return w.addFiles(first, end)
}

// enter finds the folders and files in the i-th folder after a look at it. It collects the
// faults of those that must not be there, and of a folder that cannot be read.
func (w *walk) enter(i int, seen *folderLook) {
	f := &w.folders[i]
	f.stamp = seen.now
	path := w.below(f.path)
	switch known := w.origins[i].known; {
	case seen.err != nil:
		w.faults.add(unreadable(nameOf(path), seen.err))
	case seen.isKnown:
		w.enterKnown(i, known)
	default:
		for _, e := range seen.entries {
			if !strings.HasPrefix(e.Name(), ".") {
				w.enterEntry(i, known, join(path, e.Name()), e)
			}
		}
	}
	w.folders[i].foldersEnd = int32(len(w.folders))
}

// enterKnown finds what was in the i-th folder when it was known.
func (w *walk) enterKnown(i, known int) {
	for k, end := w.known.foldersIn(known); k < end; k++ {
		w.push(w.known.folders[k].path, origin{i, k})
	}
	for k, end := w.known.filesIn(known); k < end; k++ {
		w.found = append(w.found, fileLook{file: w.known.files[k], folder: i})
	}
}

// enterEntry finds an entry of the i-th folder, which has a number in the known listing or
// -1.
func (w *walk) enterEntry(i, known int, path string, e fs.DirEntry) {
	name := e.Name()
	switch {
	case printable(name) != name:
		w.faults.add(fault(printable(path), "the name contains characters that cannot be printed", "rename it with printable characters only, or remove it"))
	case e.IsDir() && w.layout.IsFile(path):
		w.faults.add(fault(path, "is a folder", "replace it with a file of that name, or remove it"))
	case e.IsDir():
		if k := w.known.folderIn(known, name); k >= 0 {
			w.push(w.known.folders[k].path, origin{i, k})
		} else {
			w.push(w.prefix+path, origin{i, -1})
		}
	default:
		f := file{path: path}
		if k := w.known.fileIn(known, name); k >= 0 {
			f = w.known.files[k]
		}
		w.found = append(w.found, fileLook{file: f, folder: i})
	}
}

// addFiles adds the files that were found in some folders, unless they are not part of the
// tree: the limits apply only to files that are read. The error is that of a limit of the
// whole directory.
func (w *walk) addFiles(first, end int) error {
	found := w.found
	for i := first; i < end; i++ {
		for ; len(found) > 0 && found[0].folder == i; found = found[1:] {
			if err := w.addFile(&found[0]); err != nil {
				return err
			}
		}
		w.folders[i].filesEnd = int32(len(w.files))
	}
	return nil
}

// addFile adds a file after a look at it. So far it has the stamp that it had in the known
// listing.
func (w *walk) addFile(f *fileLook) error {
	if f.err != nil {
		w.faults.add(unreadable(f.path, f.err))
		return nil
	}
	before := f.stamp
	f.stamp = f.now
	if f.now != before && !w.accepts(f.file, f.isRegular) {
		return nil
	}
	w.files, w.unchanged = append(w.files, f.file), append(w.unchanged, before.unchanged(f.now, w.trusted))
	w.size += f.size
	return w.checkTotals(f.path)
}
