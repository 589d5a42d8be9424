package directory

import (
	"errors"
	"iter"
	"maps"
	"slices"
)

// watched are the directories that a notifier watches, as they were when their watches were
// added.
type watched struct {
	listing *listing         // its folders
	others  map[string]stamp // those around it, and the folders that were read since
}

// newWatched returns the folders of a listing, which may be nil, and the directories around it.
func newWatched(l *listing, around map[string]stamp) watched {
	if l == nil {
		l = &listing{}
	}
	maps.DeleteFunc(around, func(dir string, _ stamp) bool { return l.has(dir) })
	return watched{l, around}
}

// keep adds those of some directories that were watched before.
func (w *watched) keep(before watched, dirs []string) {
	for _, dir := range dirs {
		if _, found := w.others[dir]; found {
			continue
		}
		if s, known := before.stampOf(dir, 0); known {
			w.others[dir] = s
		}
	}
}

// stampOf returns the stamp of a directory, which is probably the i-th folder. known reports
// whether it is one of them.
func (w *watched) stampOf(dir string, i int) (s stamp, known bool) {
	if s, known = w.others[dir]; known {
		return s, true
	}
	if i >= len(w.listing.folders) || w.listing.folders[i].path != dir {
		i = w.listing.numberOf(dir)
	}
	if i < 0 {
		return s, false
	}
	return w.listing.folders[i].stamp, true
}

// equal reports whether they are the folders of a listing and the directories around it.
func (w *watched) equal(l *listing, around map[string]stamp) bool {
	for dir, now := range around {
		if s, _ := w.stampOf(dir, 0); s != now && !l.has(dir) {
			return false
		}
	}
	return slices.Equal(w.listing.folders, l.folders)
}

// all returns them in order: the folders with their numbers, and then the others with 0.
func (w *watched) all() iter.Seq2[int, folder] {
	return func(yield func(int, folder) bool) {
		for i, f := range w.listing.folders {
			if !yield(i, f) {
				return
			}
		}
		for _, dir := range slices.Sorted(maps.Keys(w.others)) {
			if !yield(0, folder{stamp: w.others[dir], path: dir}) {
				return
			}
		}
	}
}

// A directoryID identifies a directory whatever its name.
type directoryID struct {
	device uint32
	inode  uint64
}

func (s *stamp) id() directoryID { return directoryID{s.device, s.inode} }

// names returns the first name of each directory, and all names of those that have several:
// the system has one watch for a directory, and two names (of a bind mount, for example) would
// take it from each other.
func (w *watched) names() (first map[directoryID]string, twins []string) {
	first = make(map[directoryID]string, len(w.listing.folders)+len(w.others))
	for _, dir := range w.all() {
		if name, seen := first[dir.id()]; seen {
			twins = append(twins, name, dir.path)
		} else {
			first[dir.id()] = dir.path
		}
	}
	return first, twins
}

// statusesOf returns the stamps of directories.
func statusesOf(dirs []string) (stamps map[string]stamp, err error) {
	stamps = make(map[string]stamp, len(dirs))
	for _, dir := range dirs {
		now, _, statErr := statusOf(dir, true)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		stamps[dir] = now
	}
	return stamps, err
}
