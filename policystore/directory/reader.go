package directory

import (
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"extauthz/diag"
)

// A Reader reads one directory repeatedly. It is safe for concurrent use.
type Reader struct {
	dir    string // absolute, and not cleaned
	layout Layout

	mu       sync.Mutex // guards what follows
	last     *Tree      // as it was last read; nil if that failed
	listed   *listing   // what the directory was last read from; nil before it was read for the first time
	notifier *Notifier  // that follows the reader, or nil
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
	if err != nil {
		r.last = nil
		return nil, err
	}
	r.last, r.listed = t.Sharing(before), t.listing
	return r.last, nil
}

// follow makes a notifier, or nil, that of the reader, and returns what the directory was
// last read from, nil if that failed.
func (r *Reader) follow(n *Notifier) *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notifier = n
	return r.last.source()
}

// readStable reads the directory so that two generations of its files are never mixed:
// it resolves the links that swap whole directories once, and reads again if files
// changed in the meantime. If known is an earlier tree of the directory, files whose
// stamps are unchanged are not read again.
//
// All files are as they were at one moment: after the last of them was read, none has another
// stamp than before it was read.
func (r *Reader) readStable(known *Tree) (t *Tree, err error) {
	for attempt := range 5 {
		if attempt > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		t, err = r.readOnce(known, attempt == 0)
		if !errors.As(err, new(transientError)) {
			break
		}
	}
	return t, err
}

func (r *Reader) readOnce(known *Tree, trustsHints bool) (*Tree, error) {
	root, err := resolveRoot(r.dir)
	if err != nil {
		return nil, err
	}
	if known != nil && known.listing.absolute != root {
		known = nil // its files have other absolute paths
	}
	before, complete := r.list(root, known.source(), trustsHints)
	if !complete {
		return nil, before.faults.err()
	}
	t := before.read(known, r.processors())
	if err := before.faults.err(); err != nil {
		return nil, err
	}
	after, _ := list(root, r.layout, before, r.notifier, r.processors())
	if err := after.faults.err(); err != nil {
		return nil, err
	}
	// A directory that was swapped out is soon removed, file by file. The texts count
	// only if the directory is still the current one.
	now, err := resolveRoot(r.dir)
	if err != nil {
		return nil, err
	}
	if now != root || !before.hasFilesOf(after) {
		return nil, unreadable(rootName, errChanged)
	}
	t.listing, after.begun = after, before.begun // the files are the same, and were read after that moment
	return t, nil
}

// list lists the directory before it is read. If it trusts the hints of events, it needs
// only the files that they name: the listing after reading finds other changes.
func (r *Reader) list(root string, known *listing, trustsHints bool) (l *listing, complete bool) {
	if r.notifier != nil {
		paths := r.notifier.hints.take()
		if known != nil && trustsHints {
			l = known.withHints(paths)
		}
	}
	if l != nil {
		return l, true
	}
	if known == nil {
		known = r.listed.untrusted(root)
	}
	return list(root, r.layout, known, r.notifier, r.processors())
}

// processors returns how many processors read: all of them the first time, when nothing can
// be decided yet, and then one, because decisions need the others.
func (r *Reader) processors() int {
	if r.listed != nil {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// readFile reads a regular file with the stamp that was listed, into the memory of buffer if
// that suffices. It opens without blocking, so that neither a named pipe that replaced the file
// nor a file of the system that waits for events can block the process. It does without an
// [os.File], which tries to wait for events of every file, because that takes much of the time
// for thousands of files.
func readFile(path string, listed stamp, buffer []byte) ([]byte, error) {
	fd, err := uninterrupted(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	system, err := uninterrupted(func() (system unix.Stat_t, err error) {
		err = unix.Fstat(fd, &system)
		return system, err
	})
	if err != nil {
		return nil, err
	}
	if now, isRegular := stampOf(&system); !isRegular || now != listed {
		return nil, errChanged
	}
	content := slices.Grow(buffer[:0], int(listed.size)+1)[:listed.size+1] // a byte more, to see that the file ends
	size := 0
	for n := 1; n > 0 && size < max(int(listed.size), 1); size += n {
		if n, err = uninterrupted(func() (int, error) { return unix.Read(fd, content[size:]) }); err != nil {
			return nil, err
		}
	}
	if int64(size) != listed.size {
		return nil, errChanged
	}
	return content[:size], nil
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
