package policystore

import (
	"testing"
)

// TestCompileCache checks that the cache has only entries of the last good content: it does
// not grow with each change, and content with a fault does not change it.
func TestCompileCache(t *testing.T) {
	contents, kept := small(), newPersistent(offline())
	compiled := func() *Snapshot {
		t.Helper()
		s, err := compile(treeOf(contents), options(), kept)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := compiled()
	size := len(kept.compiled)
	for range 10 {
		contents["managed/pull.json"] += " "
		contents[secretDir] += "\n"
		compiled()
	}
	contents[secretDir] = denyAll
	if s := compiled(); len(kept.compiled) != size || s.policies[0] == before.policies[0] {
		t.Errorf("%d products are cached, want %d; or a changed text is", len(kept.compiled), size)
	}
	last := compiled()
	contents[secretDir] = "{"
	if _, err := compile(treeOf(contents), options(), kept); err == nil || len(kept.compiled) != size {
		t.Errorf("error %v, %d products are cached, want %d", err, len(kept.compiled), size)
	}
	contents[secretDir] = denyAll
	if s := compiled(); s.policies[0] != last.policies[0] || s.principals == last.principals {
		t.Error("an unchanged text is compiled again, or more than compiled texts is cached")
	}
}
