package directory

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"extauthz/diag"
)

// A Reader reads one directory repeatedly. It is safe for concurrent use.
type Reader struct {
	dir    string // absolute, and not cleaned
	layout Layout

	mu   sync.Mutex // guards last
	last *Tree      // as it was last read; nil if that failed
}

// NewReader returns a reader of the directory, which does not have to exist yet.
func NewReader(dir string, layout Layout) *Reader {
	return &Reader{dir: absolute(dir), layout: layout}
}

// Read reads every file. The error consists of a diagnostic for each file or directory
// that cannot be read (see [diag.Of]).
func (r *Reader) Read() (*Tree, error) { return r.read(false) }

// ReadChanged is Read without the files and directories that are unchanged, according to
// the file system, since they were last read: those are not read again.
func (r *Reader) ReadChanged() (*Tree, error) { return r.read(true) }

func (r *Reader) read(onlyChanged bool) (*Tree, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.last
	known := before
	if !onlyChanged {
		known = nil
	}
	t, err := r.readStable(known)
	r.last = t
	if err != nil {
		return nil, err
	}
	t.shareTexts(before)
	return t, nil
}

// lastListing returns what the directory was last read from, nil if that failed.
func (r *Reader) lastListing() *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.source()
}

// readStable reads the directory so that two generations of its files are never mixed:
// it resolves the links that swap whole directories once, and reads again if files
// changed in the meantime. If known is an earlier tree of the directory, files whose
// stamps are unchanged are not read again.
func (r *Reader) readStable(known *Tree) (t *Tree, err error) {
	for attempt := range 5 {
		if attempt > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		t, err = r.readOnce(known)
		if !errors.As(err, new(transientError)) {
			break
		}
	}
	return t, err
}

func (r *Reader) readOnce(known *Tree) (*Tree, error) {
	root, err := resolveRoot(r.dir)
	if err != nil {
		return nil, err
	}
	if known != nil && known.listing.root != root {
		known = nil // its files have other absolute paths
	}
	before, complete := list(root, r.layout, known.source())
	if !complete {
		return nil, before.faults.err()
	}
	t := before.read(known)
	if err := before.faults.err(); err != nil {
		return nil, err
	}
	after, _ := list(root, r.layout, before)
	if err := after.faults.err(); err != nil {
		return nil, err
	}
	// A directory that was swapped out is soon removed, file by file. The texts count
	// only if the directory is still the current one.
	now, err := resolveRoot(r.dir)
	if err != nil {
		return nil, err
	}
	if now != root || !maps.Equal(before.files, after.files) {
		return nil, unreadable(rootName, errChanged)
	}
	return t, nil
}

// read reads the listed files, and adds the faults of those that cannot be read to the
// listing. It takes the texts of unchanged files from known, which may be nil.
func (l *listing) read(known *Tree) *Tree {
	texts, names := make(map[string][]byte, len(l.files)), Names{}
	for _, file := range slices.Sorted(slices.Values(l.order)) {
		onDisk := l.nameOf(file)
		path := treePath(onDisk)
		if isHidden(path) {
			l.faults.add(fault(onDisk, "means "+path+", in which a name begins with a dot, and such files are skipped", "fix its name, or remove it"))
			continue
		}
		if _, twice := texts[path]; twice {
			l.faults.add(fault(onDisk, "means the same file as "+names.OnDisk(path), "keep one"))
			continue
		}
		texts[path] = nil
		if known != nil && known.listing.has(file, l.files[file]) {
			texts[path] = known.texts[path]
		} else if text, err := readFile(file, l.files[file]); err != nil {
			l.faults.add(unreadable(onDisk, err))
		} else {
			texts[path] = text
		}
		if onDisk != path {
			names[path] = onDisk
		}
	}
	t := NewTree(texts)
	t.Names, t.listing = names, l
	return t
}

// maxWait limits how long a file may block a reader.
const maxWait = 5 * time.Second

// readFile reads a regular file with the stamp that was listed. It opens without
// blocking, so that a named pipe that replaced the file cannot block the process.
func readFile(path string, listed stamp) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || stampOf(info) != listed {
		return nil, errChanged
	}
	_ = f.SetReadDeadline(time.Now().Add(maxWait)) // works for files that wait for events, such as /proc/kmsg
	content, err := io.ReadAll(io.LimitReader(f, listed.size+1))
	if err == nil && int64(len(content)) != listed.size {
		err = errChanged
	}
	return content, err
}

// faults are those of several files.
type faults struct {
	diag.Faults
	transient bool // one of them is a transientError
}

// add adds an error, and reports whether it is not nil.
func (f *faults) add(err error) bool {
	f.transient = f.transient || errors.As(err, new(transientError))
	return f.Add(err)
}

func (f *faults) err() error {
	err := f.Err()
	if err != nil && f.transient {
		return transientError{err}
	}
	return err
}

// A transientError is an error that may not occur again if the directory is read again,
// because files changed or disappeared while they were read.
type transientError struct{ error }

func (e transientError) Unwrap() error { return e.error }

// errChanged reports that files changed while they were read.
var errChanged = errors.New("changed while it was read")

// unreadable returns the error about a file or directory that cannot be read because of
// err.
func unreadable(name string, err error) error {
	if errors.Is(err, errChanged) {
		return transientError{fault(name, "the files keep changing while they are read", "write them once and wait")}
	}
	if operation := (*fs.PathError)(nil); errors.As(err, &operation) {
		err = operation.Err
	}
	problem, remedy := err.Error(), "make it readable"
	if name == rootName {
		problem = "the policy directory cannot be read: " + problem
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		remedy = "let the user that extauthz runs as read it"
	case errors.Is(err, fs.ErrNotExist):
		return transientError{fault(printable(name), problem, "create it, or fix or remove the link to it")}
	case errors.Is(err, syscall.ELOOP):
		remedy = "the link leads back to itself: fix or remove it"
	case errors.Is(err, syscall.ENOTDIR):
		remedy = "configure a directory"
	}
	return fault(printable(name), problem, remedy)
}

// fault returns a diagnostic about a whole file or directory.
func fault(name, problem, remedy string) diag.Diagnostic {
	return diag.New(diag.File(name).At(diag.Point{}), problem, remedy)
}
