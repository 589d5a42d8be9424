package directory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"extauthz/policystore/directory/directorytest"
)

// TestFolders checks that folders are limited as files are, because each is watched.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"one/more": ""})
	root, err := openBase(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := walk{listing: newListing(dir, testLayout), root: root}
	for range maxFiles {
		w.push(dir, origin{0, -1})
	}
	if err := w.enterAll(maxFiles-1, maxFiles); err == nil || !strings.Contains(err.Error(), "one: the policy directory contains more than 100000 folders") {
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
		s, _, err := statusOf(filepath.Join(dir, name), true)
		if err != nil {
			t.Fatal(err)
		}
		return s
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

// TestListingIsSmall checks how much memory a listing takes for each folder and file, in
// addition to the paths, which it shares with the watches and the files of the tree.
func TestListingIsSmall(t *testing.T) {
	if folder, file := unsafe.Sizeof(folder{}), unsafe.Sizeof(file{}); folder > 64 || file > 56 {
		t.Errorf("a folder takes %d bytes, and a file %d", folder, file)
	}
}

// TestPathsAreShared checks that paths are in memory once: those of files in a tree and in each
// listing of it, also in one after an error.
func TestPathsAreShared(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a/b": "1", "a/c/d": "2"})
	r := NewReader(dir, testLayout)
	first, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("none", filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); err == nil {
		t.Fatal("a link to nothing is no error")
	}
	if err := os.Remove(filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	again, err := r.ReadChanged()
	if err != nil {
		t.Fatal(err)
	}
	if !sharesPaths(first.listing, again.listing) {
		t.Error("the listing repeats paths")
	}
	for i, f := range again.listing.files {
		if unsafe.StringData(f.path) != unsafe.StringData(again.Files[i].Path) {
			t.Errorf("%s is in memory twice", f.path)
		}
	}
}
