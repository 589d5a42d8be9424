package directory

import (
	"errors"
	"syscall"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// TestFollowWithoutWatches checks that a directory that cannot be watched is an error and not
// new: reading again would not help.
func TestFollowWithoutWatches(t *testing.T) {
	if !directorytest.HasLimit(t, "max_inotify_watches", "3") {
		return
	}
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a/x": "", "b/x": "", "c/x": ""})
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(dir, testLayout)
	for i := range 3 {
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		if fresh, err := n.Follow(r); !errors.Is(err, syscall.ENOSPC) || fresh != (i == 0) {
			t.Errorf("%d: fresh %t, error %v", i, fresh, err)
		}
	}
}
