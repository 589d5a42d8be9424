package directory

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

// A Tree is the content of a directory at one moment: the texts of files by
// slash-separated path. It is immutable.
type Tree struct {
	Paths  []string // of the files, in order
	Digest string   // of paths and texts
	Names  Names    // of the files on disk

	texts   map[string][]byte
	listing *listing // what it was read from; nil for none
}

// NewTree returns a tree of those texts by path, which are the tree's from then on.
// Its Digest is a SHA-256 over paths and texts, each led by its length, in the order
// of the paths: equal trees have equal digests on every machine.
func NewTree(texts map[string][]byte) *Tree {
	t := &Tree{Paths: slices.Sorted(maps.Keys(texts)), Names: Names{}, texts: texts}
	t.Digest = t.sum()
	return t
}

// Text returns the text of the file of that path, none where it has none or is not
// there. Nobody may write to it.
func (t *Tree) Text(path string) []byte { return t.texts[path] }

// Size returns how many bytes the texts take.
func (t *Tree) Size() (size uint64) {
	for _, text := range t.texts {
		size += uint64(len(text))
	}
	return size
}

// Has tells whether there is a file of that path.
func (t *Tree) Has(path string) bool {
	_, found := t.texts[path]
	return found
}

func (t *Tree) sum() string {
	h := sha256.New()
	part := func(s []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write(s)
	}
	for _, path := range t.Paths {
		part([]byte(path))
		part(t.texts[path])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// share takes over the texts of an earlier tree that are the same, which are in use
// by what they were made into, so that each is in memory once.
func (t *Tree) share(earlier *Tree) {
	if earlier == nil {
		return
	}
	for path, text := range t.texts {
		if other := earlier.texts[path]; bytes.Equal(other, text) && other != nil {
			t.texts[path] = other
		}
	}
}

// listed is what the tree was read from, nil for no tree.
func (t *Tree) listed() *listing {
	if t == nil {
		return nil
	}
	return t.listing
}
