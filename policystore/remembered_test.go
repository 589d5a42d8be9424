package policystore

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMemory holds that what is remembered is of the last good content alone: it
// does not grow from change to change, and a broken content leaves it as it is.
func TestMemory(t *testing.T) {
	contents, lasting := small(), newLasting(offline())
	compiled := func() *Snapshot {
		t.Helper()
		s, err := compile(treeOf(contents), options(), lasting)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := compiled()
	size := len(lasting.memory)
	for range 10 {
		contents["managed/pull.json"] += " "
		contents[secretDir] += "\n"
		compiled()
	}
	contents[secretDir] = denyAll
	if s := compiled(); len(lasting.memory) != size || s.policies[0] == before.policies[0] {
		t.Errorf("%d products are remembered, want %d; or a changed text is", len(lasting.memory), size)
	}
	last := compiled()
	contents[secretDir] = "{"
	if _, err := compile(treeOf(contents), options(), lasting); err == nil || len(lasting.memory) != size {
		t.Errorf("error %v, %d products are remembered, want %d", err, len(lasting.memory), size)
	}
	contents[secretDir] = denyAll
	if s := compiled(); s.policies[0] != last.policies[0] || s.principals == last.principals {
		t.Error("what did not change is compiled again, or more is taken over than what texts were made into")
	}
}

// TestReloadReadsAll holds that the poll reads what stamps do not tell, and that a
// reload after an event trusts them.
func TestReloadReadsAll(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, small())
	store := New(Options{Dir: dir, Decision: options()})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	onDisk := store.Snapshot().Digest
	store.last.listing.begun = time.Now().Add(time.Hour) // as if all had rested long before
	store.last.content["managed/pull.json"] = []byte(strings.Replace(pullOnly, "Pull", "Push", 1))
	if err := store.reloadChanged(); err != nil || store.Snapshot().Digest == onDisk {
		t.Errorf("error %v, digest %s: a file with the same stamp is read again", err, store.Snapshot().Digest)
	}
	text := store.last.content["htpasswd"]
	if err := store.Reload(); err != nil || store.Snapshot().Digest != onDisk {
		t.Errorf("error %v, digest %s, want %s of what is on disk", err, store.Snapshot().Digest, onDisk)
	}
	if again := store.last.content["htpasswd"]; &again[0] != &text[0] {
		t.Error("a text that is read again is in memory twice")
	}
}

// TestReloadElsewhere holds that no file is taken for the one of the same name in
// the directory above, where a link led before.
func TestReloadElsewhere(t *testing.T) {
	above, link := t.TempDir(), filepath.Join(t.TempDir(), "current")
	inner := small()
	inner["managed/pull.json"] = strings.Replace(pullOnly, "Pull", "Push", 1)
	files(t, above, small())
	files(t, filepath.Join(above, "inner"), inner)
	store := New(Options{Dir: link, Decision: options()})
	leadTo := func(target string) {
		t.Helper()
		if err := cmp.Or(os.Symlink(target, link+"_tmp"), os.Rename(link+"_tmp", link)); err != nil {
			t.Fatal(err)
		}
	}
	leadTo(above)
	if err := store.Reload(); err == nil {
		t.Fatal("a policy directory inside another is taken")
	}
	store.last.listing.begun = time.Now().Add(time.Hour) // as if all had rested long before
	leadTo(filepath.Join(above, "inner"))
	if err := store.reloadChanged(); err != nil || store.Snapshot().Digest != treeOf(inner).digest {
		t.Errorf("error %v; in force is not what the link leads to", err)
	}
}
