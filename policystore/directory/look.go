package directory

import (
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A folderLook is what the system reports about a folder.
type folderLook struct {
	now     stamp
	isKnown bool // it contains what it contained in the known listing
	entries []fs.DirEntry
	err     error
}

// A fileLook is what the system reports about a file in a folder.
type fileLook struct {
	file
	folder    int
	now       stamp
	isRegular bool
	err       error
}

// lookAtFolder looks at the i-th folder, and reads the names in it if they may have changed.
func (w *walk) lookAtFolder(i int, from base) (seen folderLook) {
	f := &w.folders[i]
	path := w.below(f.path)
	if seen.now, _, seen.err = from.status(path, false); seen.err != nil {
		return seen
	}
	var before stamp
	if known := w.origins[i].known; known >= 0 {
		before = w.known.folders[known].stamp
	}
	if seen.isKnown = before.unchanged(seen.now, w.trusted); seen.isKnown {
		return seen
	}
	if w.notifier != nil && !(w.isFollowed && before == seen.now) {
		w.notifier.add(f.path, seen.now)
	}
	seen.entries, seen.err = os.ReadDir(f.path)
	return seen
}

// A base is an open directory. The system finds a file sooner by its path from there than by
// its absolute path.
type base struct {
	*os.File
	skip int // how many bytes of a path below the root lead to the directory
}

// openBase opens a directory that has a path below the root, "" for the root itself.
func openBase(absolute, path string) (base, error) {
	dir, err := os.OpenFile(absolute, os.O_RDONLY|unix.O_DIRECTORY, 0)
	return base{dir, len(join(path, ""))}, err
}

// status is statusOf for a path below the root.
func (b base) status(path string, follows bool) (s stamp, isRegular bool, err error) {
	if path == "" {
		path = "."
	}
	return statusAt(int(b.Fd()), path[b.skip:], follows)
}

// fewSiblings is the number of folders in a folder for which it is worth opening.
const fewSiblings = 4

// open sets the base for each of some folders: the folder that it is in, or the root of the
// tree. It returns those to close.
func (w *walk) open(first, end int) (opened []base) {
	w.bases = w.bases[:0]
	for i := first; i < end; {
		siblings, parent := 1, w.origins[i].parent
		for i+siblings < end && w.origins[i+siblings].parent == parent {
			siblings++
		}
		from := w.root
		if parent > 0 && siblings >= fewSiblings {
			above := w.folders[parent].path
			if dir, err := openBase(above, w.below(above)); err == nil { // otherwise the status is that error
				from, opened = dir, append(opened, dir)
			}
		}
		for range siblings {
			w.bases = append(w.bases, from)
		}
		i += siblings
	}
	return opened
}

// fewLooks is the number of looks for which another processor is worth its cost.
const fewLooks = 8

// inParallel calls f with each number below n, on at most this number of processors.
func inParallel(processors, n int, f func(int)) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(int(i))
		}
	}
	var others sync.WaitGroup
	for range min(processors, n/fewLooks) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
