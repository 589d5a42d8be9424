package directory

import "testing"

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
