package directory

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A look is what the system reports about an entry of a directory. Most of the time of a
// listing is that of system calls. So many entries are looked at on several processors,
// before the walk reaches them one after the other.
type look struct {
	now       stamp
	isRegular bool
	err       error

	// Of a directory:
	known   *folder // in the listing before, or nil
	isKnown bool    // it contains only files, and is as in the listing before
	entries []entry
	below   []look // at the files among a few entries; nil if they were not looked at
}

const (
	// lookAhead limits how many entries are looked at before the walk reaches them.
	lookAhead = 256
	// fewEntries is the number up to which the files of a directory are looked at together
	// with it.
	fewEntries = 16
	// fewLooks is the number of looks for which another processor is worth its cost.
	fewLooks = 8
)

// lookAt looks at up to lookAhead entries of the folder that known is an earlier state of.
// nextFolder is the number of folders before them. looks contains the looks at the files, if
// it is not nil.
func (l *listing) lookAt(entries []entry, known *folder, nextFolder int, looks []look) []look {
	hasFiles := looks != nil
	if !hasFiles {
		looks = make([]look, len(entries))
	}
	var pending []int
	for i, e := range entries {
		if e.isDirectory {
			looks[i].known = known.folder(e.path, nextFolder)
			nextFolder++
		}
		if e.isDirectory && !l.layout.IsFile(e.path) || !e.isDirectory && !hasFiles {
			pending = append(pending, i)
		}
	}
	inParallel(min(l.processors, len(pending)/fewLooks), len(pending), func(i int) { l.look(&entries[pending[i]], &looks[pending[i]]) })
	return looks
}

// look looks at an entry: at a directory with the names in it, and with its files if its
// entries are few.
func (l *listing) look(e *entry, at *look) {
	switch {
	case !e.isPrintable:
		return
	case !e.isDirectory:
		at.now, at.isRegular, at.err = statusOf(e.onDisk, true)
		return
	}
	at.now, at.entries, at.err = l.open(e.place, at.known)
	if len(at.entries) > fewEntries {
		return
	}
	if at.isKnown = at.err == nil && at.known.isStill(at.now, at.entries); at.isKnown {
		return
	}
	at.below = make([]look, len(at.entries))
	for i := range at.entries {
		if !at.entries[i].isDirectory {
			l.look(&at.entries[i], &at.below[i])
		}
	}
}

// isStill reports whether a folder contains only files and is unchanged: it has this stamp and
// these entries, and each file has the stamp that it had.
func (f *folder) isStill(now stamp, entries []entry) bool {
	if f == nil || f.stamp != now || len(f.files) != len(entries) || !slices.Equal(f.entries, entries) {
		return false
	}
	for i := range f.files {
		if now, isRegular, err := statusOf(f.files[i].onDisk, true); err != nil || !isRegular || now != f.files[i].stamp {
			return false
		}
	}
	return true
}

// inParallel calls f with each number below n, on this number of processors.
func inParallel(processors, n int, f func(int)) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(int(i))
		}
	}
	var others sync.WaitGroup
	for range processors - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
