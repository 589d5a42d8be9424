package policystore

import "testing"

// TestMemory holds that what is remembered is of the last good content alone: it
// does not grow from change to change, and a broken content leaves it as it is.
func TestMemory(t *testing.T) {
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
		t.Errorf("%d products are remembered, want %d; or a changed text is", len(kept.compiled), size)
	}
	last := compiled()
	contents[secretDir] = "{"
	if _, err := compile(treeOf(contents), options(), kept); err == nil || len(kept.compiled) != size {
		t.Errorf("error %v, %d products are remembered, want %d", err, len(kept.compiled), size)
	}
	contents[secretDir] = denyAll
	if s := compiled(); s.policies[0] != last.policies[0] || s.principals == last.principals {
		t.Error("what did not change is compiled again, or more is taken over than what texts were made into")
	}
}
