package directory

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestFollow holds that a directory whose events went unseen is told: one that is
// new, and one that was removed and made again, though the file system gives it the
// inode of the one before.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a/b": "1"})
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(dir, testLayout)
	follows := func(what string, want bool) {
		t.Helper()
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		if fresh, err := n.Follow(r); err != nil || fresh != want {
			t.Errorf("%s: fresh %t, error %v; want %t", what, fresh, err, want)
		}
	}
	follows("all is new", true)
	follows("nothing is", false)
	again := filepath.Join(dir, "a")
	if err := os.RemoveAll(again); err != nil {
		t.Fatal(err)
	}
	directorytest.Write(t, dir, map[string]string{"a/b": "1"})
	for slices.Contains(n.watcher.WatchList(), again) {
		time.Sleep(time.Millisecond)
	}
	follows("made again", true)
	follows("nothing since", false)
}
