package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// A Reader reads one directory again and again. It is safe for concurrent use.
type Reader struct {
	dir    string // absolute, and not cleaned
	name   string // the directory as the operator gave it, which errors begin with
	layout Layout

	mu   sync.Mutex // guards last
	last *Tree      // as it was last read; nil where that failed
}

// NewReader returns a reader of the directory, which need not be there yet.
func NewReader(dir string, layout Layout) *Reader {
	return &Reader{dir: absolute(dir), name: dir, layout: layout}
}

// Read reads every file. The error names what cannot be read, and the remedy.
func (r *Reader) Read() (*Tree, error) { return r.read(false) }

// ReadChanged is Read but for files and directories that the file system says are
// the same as when they were last read: those are not read again.
func (r *Reader) ReadChanged() (*Tree, error) { return r.read(true) }

func (r *Reader) read(trusting bool) (*Tree, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.last
	known := before
	if !trusting {
		known = nil
	}
	t, err := r.settled(known)
	r.last = t
	if err != nil {
		return nil, err
	}
	t.share(before)
	return t, nil
}

// listed is what the directory was last read from, nil where that failed.
func (r *Reader) listed() *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.listed()
}

// errMoved reports that files changed while they were read.
var errMoved = errors.New("the files keep changing while they are read; write them once and let them rest")

// settled reads the directory so that no two generations of its files mix: it
// resolves the links that swap whole directories once, and reads again where
// the files were not the same before and after. Where known is an earlier tree of
// the directory, files whose stamps are the same still are not read again.
func (r *Reader) settled(known *Tree) (t *Tree, err error) {
	for attempt := range 5 {
		if attempt > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		t, err = r.once(known)
		if err == nil || !errors.Is(err, errMoved) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, err
}

func (r *Reader) once(known *Tree) (*Tree, error) {
	root, err := resolveRoot(r.dir, r.name)
	if err != nil {
		return nil, err
	}
	if known != nil && known.listing.root != root {
		known = nil // it calls its files by where they stand below another root
	}
	before, err := scan(root, r.name, r.layout, known.listed())
	if err != nil {
		return nil, err
	}
	t, err := before.read(known)
	if err != nil {
		return nil, err
	}
	after, err := scan(root, r.name, r.layout, before)
	if err != nil {
		return nil, err
	}
	// A directory that was swapped away is soon removed, file by file: what was
	// read counts only if it is still the one in place.
	now, err := resolveRoot(r.dir, r.name)
	if err != nil {
		return nil, err
	}
	if now != root || !maps.Equal(before.files, after.files) {
		return nil, fmt.Errorf("%s: %w", r.name, errMoved)
	}
	return t, nil
}
