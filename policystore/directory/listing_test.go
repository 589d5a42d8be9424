package directory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestFolders checks that folders are limited as files are, because each is watched.
func TestFolders(t *testing.T) {
	l := newListing(t.TempDir(), testLayout)
	l.folders = maxFiles
	if _, err := l.walk(place{onDisk: l.absolute}, nil); err == nil || !strings.Contains(err.Error(), "more than 100000 folders") {
		t.Errorf("error %v", err)
	}
}

// TestStamp checks that every state of a file has a different stamp, also if size and
// time of modification are reset.
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
		t.Error("the stamp of a changed, or is that of b")
	}
	time.Sleep(20 * time.Millisecond) // until the next tick of the file system's clock
	directorytest.Write(t, dir, map[string]string{"a": "2"})
	if err := os.Chtimes(path, time.Time{}, time.Unix(0, a.modified)); err != nil {
		t.Fatal(err)
	}
	if now := stat("a"); now.modified != a.modified || now.size != a.size || now == a {
		t.Errorf("after writing it is %v, before %v", now, a)
	}
}

// TestUnchanged checks that a file that changed shortly before it was read, or at an
// unknown time, never counts as unchanged.
func TestUnchanged(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	s := stamp{inode: 1, changed: at.UnixNano()}
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
		{"another state", s, stamp{inode: 1, changed: at.UnixNano() + 1}, at.Add(time.Minute), false},
		{"unknown", stamp{inode: 1}, stamp{inode: 1}, at, false},
	} {
		if got := c.stamp.unchanged(c.now, c.moment); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}
