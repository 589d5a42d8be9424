package directory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"sort"
	"strings"

	"extauthz/diag"
)

// A File is a file of a tree. It is immutable, so that trees share the files that are
// unchanged: what was made of a file is valid for each tree that has the same *File.
type File struct {
	Path string // slash-separated
	Text []byte // the caller must not change it

	sum [sha256.Size]byte // of path and text
}

// newFile returns a file, which shares the memory of path and text.
func newFile(path string, text []byte) *File {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(path))))
	h.Write([]byte(path))
	h.Write(text)
	f := &File{Path: path, Text: text}
	h.Sum(f.sum[:0])
	return f
}

// is reports whether two files have the same path and text.
func (f *File) is(other *File) bool {
	return f == other || f.Path == other.Path && bytes.Equal(f.Text, other.Text)
}

// A Tree is the content of a directory at one moment. It is immutable.
type Tree struct {
	Files  []*File // in the order of their paths
	Digest string  // of paths and texts
	Names  Names   // of the files on disk

	listing *listing // what it was read from, or nil
}

// NewTree returns a tree of texts by slash-separated path. The caller must not change texts
// any more. Equal trees have equal digests on every machine: the digest of a tree is a
// SHA-256 of those of its files in the order of their paths, and that of a file is a SHA-256
// of the length of its path, in 8 bytes, its path and its text.
func NewTree(texts map[string][]byte) *Tree {
	files := make([]*File, 0, len(texts))
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		files = append(files, newFile(path, texts[path]))
	}
	return newTree(files, Names{}, nil)
}

// newTree returns the tree of files in the order of their paths.
func newTree(files []*File, names Names, l *listing) *Tree {
	h := sha256.New()
	for _, f := range files {
		h.Write(f.sum[:])
	}
	return &Tree{Files: files, Digest: "sha256:" + hex.EncodeToString(h.Sum(nil)), Names: names, listing: l}
}

// File returns the file with a path, nil if it does not exist.
func (t *Tree) File(path string) *File {
	i, found := slices.BinarySearchFunc(t.Files, path, comparePath)
	if !found {
		return nil
	}
	return t.Files[i]
}

func comparePath(f *File, path string) int { return strings.Compare(f.Path, path) }

// Below returns the files whose paths begin with a prefix. The caller must not change the list.
func (t *Tree) Below(prefix string) []*File {
	first, _ := slices.BinarySearchFunc(t.Files, prefix, comparePath)
	files := t.Files[first:]
	n := sort.Search(len(files), func(i int) bool { return !strings.HasPrefix(files[i].Path, prefix) })
	return files[:n:n]
}

// Text returns the text of a file, nil if the file does not exist. The caller must not
// change it.
func (t *Tree) Text(path string) []byte {
	if f := t.File(path); f != nil {
		return f.Text
	}
	return nil
}

// Has reports whether a file exists.
func (t *Tree) Has(path string) bool { return t.File(path) != nil }

// Size returns the size of all texts in bytes.
func (t *Tree) Size() (size uint64) {
	for _, f := range t.Files {
		size += uint64(len(f.Text))
	}
	return size
}

// Sharing returns the tree with files of an earlier tree, which may be nil, instead of equal
// ones.
func (t *Tree) Sharing(earlier *Tree) *Tree {
	if earlier == nil {
		return t
	}
	shared, old := *t, earlier.Files
	for i, f := range t.Files {
		for len(old) > 0 && old[0].Path < f.Path {
			old = old[1:]
		}
		if len(old) == 0 || old[0] == f || !old[0].is(f) {
			continue
		}
		if &shared.Files[0] == &t.Files[0] {
			shared.Files = slices.Clone(t.Files)
		}
		shared.Files[i] = old[0]
	}
	return &shared
}

// source returns the listing that the tree was read from, nil for a nil tree.
func (t *Tree) source() *listing {
	if t == nil {
		return nil
	}
	return t.listing
}

// Names has the names on disk, below the directory, of those files whose path in the tree
// is different.
type Names map[string]string

// OnDisk returns the name on disk of the file with a path in the tree.
func (names Names) OnDisk(path string) string { return cmp.Or(names[path], path) }

// Locate returns the diagnostic with the file's name on disk.
func (names Names) Locate(d diag.Diagnostic) diag.Diagnostic {
	d.File = names.OnDisk(d.File)
	return d
}

// LocateError returns the diagnostics of an error with the names of files on disk.
func (names Names) LocateError(err error) error {
	list := slices.Clone(diag.Of(err))
	for i, d := range list {
		list[i] = names.Locate(d)
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

// treePath returns the path in the tree of a file with a name on disk: where a name
// cannot contain a slash, as the keys of a ConfigMap, two dots replace it.
func treePath(onDisk string) string { return strings.ReplaceAll(onDisk, "..", "/") }

// isHidden reports whether a name in a path begins with a dot. On disk such files are
// skipped; in a name with three dots the file would be in force.
func isHidden(path string) bool {
	return strings.HasPrefix(path, ".") || strings.Contains(path, "/.")
}
