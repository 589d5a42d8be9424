package directory

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestDigest(t *testing.T) {
	treeOf := func(texts map[string]string) *Tree {
		bytes := map[string][]byte{}
		for path, text := range texts {
			bytes[path] = []byte(text)
		}
		return NewTree(bytes)
	}
	base := treeOf(map[string]string{"a": "bc", "d": ""})
	if base.Digest != treeOf(map[string]string{"d": "", "a": "bc"}).Digest {
		t.Error("equal trees have different digests")
	}
	for _, other := range []map[string]string{
		{},
		{"a": "bc"},
		{"ab": "c", "d": ""},
		{"a": "bcd", "": ""},
		{"a": "", "d": "bc"},
	} {
		if base.Digest == treeOf(other).Digest {
			t.Errorf("%v has the digest of another tree", other)
		}
	}
}

// TestDigestOfFiles checks the digest against its description.
func TestDigestOfFiles(t *testing.T) {
	first := sha256.Sum256([]byte("\x00\x00\x00\x00\x00\x00\x00\x03a/btext"))
	second := sha256.Sum256([]byte("\x00\x00\x00\x00\x00\x00\x00\x01c"))
	want := fmt.Sprintf("sha256:%x", sha256.Sum256(append(first[:], second[:]...)))
	if got := NewTree(map[string][]byte{"c": nil, "a/b": []byte("text")}).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
