package directory

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestFollow checks that Follow reports a directory that was not watched before: a new
// one, and one that was removed and created again, even if the file system gives it the
// same inode.
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
	follows("all directories are new", true)
	follows("nothing is new", false)
	again := filepath.Join(dir, "a")
	if err := os.RemoveAll(again); err != nil {
		t.Fatal(err)
	}
	directorytest.Write(t, dir, map[string]string{"a/b": "1"})
	for slices.Contains(n.watcher.WatchList(), again) {
		time.Sleep(time.Millisecond)
	}
	follows("created again, and watched before it was read", false)
	if !slices.Contains(n.watcher.WatchList(), again) {
		t.Error("the directory that was created again is not watched")
	}
	if err := os.RemoveAll(again); err != nil {
		t.Fatal(err)
	}
	for slices.Contains(n.watcher.WatchList(), again) {
		time.Sleep(time.Millisecond)
	}
	r.follow(nil) // so that the reader does not watch it
	directorytest.Write(t, dir, map[string]string{"a/b": "1"})
	follows("created again, and not watched before it was read", true)
	follows("nothing is new since", false)
}

// TestChangeOfMode checks that a change of the mode of a file is an event, and that reading files is
// none: otherwise each reload would cause another.
func TestChangeOfMode(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"secret": "1", "a/b": "2"})
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(dir, testLayout)
	read := func() { // without what is known of the files
		if _, err := NewReader(dir, testLayout).Read(); err != nil {
			t.Error(err)
		}
	}
	chmod := func(mode os.FileMode) func() {
		return func() {
			if err := os.Chmod(filepath.Join(dir, "secret"), mode); err != nil {
				t.Error(err)
			}
		}
	}
	chmod(0o600)()
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Follow(r); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		name   string
		change func()
		want   []string
	}{
		{"reading", read, nil},
		{"a change of mode", chmod(0o640), []string{"secret"}},
		{"the former mode", chmod(0o600), []string{"secret"}},
		{"reading again", read, nil},
	} {
		c.change()
		last := fmt.Sprintf("last%d", i)
		directorytest.Write(t, dir, map[string]string{last: ""}) // whose event is after the others
		var got []string
		for !slices.Contains(got, last) {
			<-n.Changed()
			for _, path := range n.hints.take() {
				got = append(got, filepath.Base(path))
			}
		}
		slices.Sort(got)
		if want := append([]string{last}, c.want...); !slices.Equal(slices.Compact(got), want) {
			t.Errorf("%s: events of %q, want %q", c.name, got, want)
		}
	}
}
