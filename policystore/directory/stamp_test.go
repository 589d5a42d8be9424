package directory

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestStamp holds that every state of a file has a stamp of its own, also where
// size and time of modification are put back.
func TestStamp(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	directorytest.Write(t, dir, map[string]string{"a": "1", "b": "1"})
	stat := func(name string) stamp {
		t.Helper()
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return stampOf(info)
	}
	a := stat("a")
	if a != stat("a") || a == stat("b") {
		t.Error("a is not itself, or is b")
	}
	time.Sleep(20 * time.Millisecond) // the clock of the file system goes on
	directorytest.Write(t, dir, map[string]string{"a": "2"})
	if err := os.Chtimes(path, time.Time{}, a.modified); err != nil {
		t.Fatal(err)
	}
	if now := stat("a"); now.modified != a.modified || now.size != a.size || now == a {
		t.Errorf("written again it is %v, before %v", now, a)
	}
}

// TestStill holds that what changed shortly before it was read, or at a time that
// nobody knows, is never taken for unchanged.
func TestStill(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	s := stamp{inode: 1, changed: at}
	for _, c := range []struct {
		name   string
		stamp  stamp
		now    stamp
		moment time.Time
		want   bool
	}{
		{"long before", s, s, at.Add(time.Minute), true},
		{"just before", s, s, at.Add(LongestTick - 1), false},
		{"after, by another clock", s, s, at.Add(-time.Hour), false},
		{"another state", s, stamp{inode: 1, changed: at.Add(1)}, at.Add(time.Minute), false},
		{"unknown", stamp{inode: 1}, stamp{inode: 1}, at, false},
	} {
		if got := c.stamp.still(c.now, c.moment); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
