package directory

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// read reads the listed files on this number of processors, and adds the faults of those that cannot be read to the
// listing. It takes the texts of unchanged files from known, which may be nil.
func (l *listing) read(known *Tree, processors int) *Tree {
	t := &reading{listing: l, known: known, texts: make(map[string][]byte, l.files), names: Names{}, shared: sharedTexts{seed: maphash.MakeSeed(), texts: map[uint64][]byte{}}}
	var before *folder
	if known != nil {
		before = known.listing.root
	}
	t.folder(l.root, before)
	t.readUnread(processors)
	return newTree(t.texts, t.names, l, known)
}

// A reading is the files of a listing that were read so far.
type reading struct {
	*listing
	known  *Tree
	texts  map[string][]byte // by path in the tree; nil for a file in unread
	names  Names
	unread []unreadFile
	shared sharedTexts
}

// An unreadFile is a file that must be read, and then the result.
type unreadFile struct {
	*file
	treePath string
	text     []byte
	err      error
}

// folder finds the files in a folder and below it. before is the folder in the listing
// before, or nil.
func (r *reading) folder(f, before *folder) {
	if f == nil {
		return
	}
	for i := range f.files {
		r.file(&f.files[i], before.stampOf(f.files[i].path, i))
	}
	for i, below := range f.folders {
		r.folder(below, before.folder(below.path, i))
	}
}

// file adds a file to those that must be read, unless it is unchanged since its stamp was the
// one before.
func (r *reading) file(f *file, before stamp) {
	path := treePath(f.path)
	if isHidden(path) {
		r.faults.add(fault(f.path, "means "+path+", in which a name begins with a dot, and such files are skipped", "fix its name, or remove it"))
		return
	}
	if _, twice := r.texts[path]; twice {
		r.faults.add(fault(f.path, "means the same file as "+r.names.OnDisk(path), "keep one"))
		return
	}
	r.texts[path] = nil
	if r.known != nil && before.unchanged(f.stamp, r.known.listing.begun) {
		r.texts[path] = r.known.texts[path]
	} else {
		r.unread = append(r.unread, unreadFile{file: f, treePath: path})
	}
	if f.path != path {
		r.names[path] = f.path
	}
}

// readUnread reads the files that must be read, several at the same time: most of the time is
// that of system calls.
func (r *reading) readUnread(processors int) {
	var next atomic.Int64
	var readers sync.WaitGroup
	for range min(processors, len(r.unread)) {
		readers.Go(func() {
			var buffer []byte // for the next file
			for i := next.Add(1) - 1; i < int64(len(r.unread)); i = next.Add(1) - 1 {
				f := &r.unread[i]
				if buffer, f.err = readFile(f.onDisk, f.stamp, buffer); f.err == nil {
					f.text = r.shared.share(buffer)
				}
			}
		})
	}
	readers.Wait()
	for i := range r.unread {
		if f := &r.unread[i]; f.err != nil {
			r.faults.add(unreadable(f.path, f.err))
		} else {
			r.texts[f.treePath] = f.text
		}
	}
}

// sharedTexts are the texts that were read. It is safe for concurrent use.
type sharedTexts struct {
	seed  maphash.Seed
	mu    sync.Mutex        // guards texts
	texts map[uint64][]byte // by their hash; those of different texts may be equal
}

// share returns a copy of a text, or an equal text that was read before: many files may have
// the same text.
func (s *sharedTexts) share(text []byte) []byte {
	hash := maphash.Bytes(s.seed, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if same, found := s.texts[hash]; found && bytes.Equal(same, text) {
		return same
	}
	copied := bytes.Clone(text)
	s.texts[hash] = copied
	return copied
}
