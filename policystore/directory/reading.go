package directory

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// read reads the listed files on this number of processors. It adds the faults of those that cannot
// be read to the listing, and takes unchanged files from known, which may be nil.
func (l *listing) read(known *Tree, processors int) *Tree {
	r := &reading{listing: l, known: known, found: make([]foundFile, 0, len(l.files)), names: Names{}, shared: sharedTexts{seed: maphash.MakeSeed(), texts: map[uint64][]byte{}}}
	for i := range l.files {
		r.file(&l.files[i], known != nil && l.unchanged[i])
	}
	slices.SortStableFunc(r.found, func(a, b foundFile) int { return strings.Compare(a.treePath, b.treePath) })
	files, unread := r.files()
	r.readUnread(unread, processors)
	return newTree(files, r.names, l)
}

// A reading reads the files of a listing.
type reading struct {
	*listing
	known  *Tree
	found  []foundFile
	names  Names
	shared sharedTexts
}

// A foundFile is a file of the listing.
type foundFile struct {
	*file
	treePath  string
	unchanged bool // since the known tree was read
}

// An unreadFile is a file that must be read, and then the result.
type unreadFile struct {
	*file
	treePath string
	read     **File
	err      error
}

// file adds a file to those that were found. unchanged reports whether it is unchanged since the
// known tree was read.
func (r *reading) file(f *file, unchanged bool) {
	path := treePath(f.path)
	if isHidden(path) {
		r.faults.add(fault(f.path, "means "+path+", in which a name begins with a dot, and such files are skipped", "fix its name, or remove it"))
		return
	}
	r.found = append(r.found, foundFile{f, path, unchanged})
}

// files returns the files of the tree, nil for each of those that must be read. It reports
// files with the same path in the tree.
func (r *reading) files() (files []*File, unread []unreadFile) {
	files = make([]*File, 0, len(r.found)) // unread points into it
	var known []*File
	if r.known != nil {
		known = r.known.Files
	}
	for i, f := range r.found {
		if i > 0 && f.treePath == r.found[i-1].treePath {
			r.faults.add(fault(f.path, "means the same file as "+r.names.OnDisk(f.treePath), "keep one"))
			continue
		}
		if f.path != f.treePath {
			r.names[f.treePath] = f.path
		}
		for len(known) > 0 && known[0].Path < f.treePath {
			known = known[1:]
		}
		if f.unchanged && len(known) > 0 && known[0].Path == f.treePath {
			files = append(files, known[0])
			continue
		}
		files = append(files, nil)
		unread = append(unread, unreadFile{file: f.file, read: &files[len(files)-1], treePath: f.treePath})
	}
	return files, unread
}

// readUnread reads the files that must be read, several at the same time: most of the time is
// that of system calls.
func (r *reading) readUnread(unread []unreadFile, processors int) {
	var next atomic.Int64
	var readers sync.WaitGroup
	for range min(processors, len(unread)) {
		readers.Go(func() {
			var buffer []byte // for the next file
			for i := next.Add(1) - 1; i < int64(len(unread)); i = next.Add(1) - 1 {
				f := &unread[i]
				buffer, f.err = readFile(r.onDisk(f.file), f.stamp, buffer)
				*f.read = newFile(f.treePath, r.shared.share(buffer))
			}
		})
	}
	readers.Wait()
	for i := range unread {
		if f := &unread[i]; f.err != nil {
			r.faults.add(unreadable(f.path, f.err))
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
