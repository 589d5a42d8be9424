package directory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
)

// A Tree is the content of a directory at one moment: the texts of files by
// slash-separated path. It is immutable.
type Tree struct {
	Paths  []string // of the files, in order
	Digest string   // of paths and texts
	Names  Names    // of the files on disk

	texts   map[string][]byte
	listing *listing // what it was read from, or nil
}

// NewTree returns a tree of texts by path. The caller must not change texts any more.
// The digest is a SHA-256 of paths and texts, each after its length, in the order of the
// paths: equal trees have equal digests on every machine.
func NewTree(texts map[string][]byte) *Tree { return newTree(texts, Names{}, nil, nil) }

// newTree returns a tree that was read from a listing. It shares the paths with a known
// tree that has the same files.
func newTree(texts map[string][]byte, names Names, l *listing, known *Tree) *Tree {
	t := &Tree{Names: names, texts: texts, listing: l}
	if known.hasPathsOf(texts) {
		t.Paths = known.Paths
	} else {
		t.Paths = slices.Sorted(maps.Keys(texts))
	}
	t.Digest = t.sum()
	return t
}

// hasPathsOf reports whether the files of the tree are those of the texts.
func (t *Tree) hasPathsOf(texts map[string][]byte) bool {
	if t == nil || len(t.Paths) != len(texts) {
		return false
	}
	for _, path := range t.Paths {
		if _, found := texts[path]; !found {
			return false
		}
	}
	return true
}

// Text returns the text of a file, nil if the file is empty or does not exist. The caller
// must not change it.
func (t *Tree) Text(path string) []byte { return t.texts[path] }

// Has reports whether a file exists.
func (t *Tree) Has(path string) bool {
	_, found := t.texts[path]
	return found
}

// Size returns the size of all texts in bytes.
func (t *Tree) Size() (size uint64) {
	for _, text := range t.texts {
		size += uint64(len(text))
	}
	return size
}

func (t *Tree) sum() string {
	h := sha256.New()
	add := func(s []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write(s)
	}
	for _, path := range t.Paths {
		add([]byte(path))
		add(t.texts[path])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// shareTexts replaces texts by equal ones of an earlier tree. Compiled policies still
// refer to those, so that each text is in memory once.
func (t *Tree) shareTexts(earlier *Tree) {
	if earlier == nil {
		return
	}
	for path, text := range t.texts {
		if other := earlier.texts[path]; bytes.Equal(other, text) && other != nil {
			t.texts[path] = other
		}
	}
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
