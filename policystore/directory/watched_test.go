package directory

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestWatchesAreTheFolders checks that the watched directories are those that exist, after random
// changes whose events come before or after the directory is followed, or meanwhile. The directory is
// followed as long as one is new and after each signal, as the policy store does. Some changes are
// followed without a listing, as after an error.
func TestWatchesAreTheFolders(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	r, n := followed(t, map[string]string{"a": "1"})
	for range 150 {
		changeFolders(t, random, r.dir)
		if random.IntN(4) == 0 {
			if _, err := n.watch([]string{filepath.Dir(r.dir)}, nil, route{}); err != nil {
				t.Fatal(err)
			}
		}
		followNew(t, r, n)
		eventually(t, func() bool { return watchesFolders(t, r, n) })
		eachFolderHasEvents(t, r, n)
	}
}

// watchesFolders reports whether the watched directories are those that exist. It follows the
// directory if there was a signal.
func watchesFolders(t *testing.T, r *Reader, n *Notifier) bool {
	t.Helper()
	select {
	case <-n.Changed(): // a directory that was renamed may have lost its watch
		followNew(t, r, n)
	default:
	}
	return slices.Equal(slices.Sorted(slices.Values(n.watcher.WatchList())), foldersBelow(t, r.dir))
}

// eachFolderHasEvents checks that a change in each folder is an event with its present name, after
// those of all changes so far.
func eachFolderHasEvents(t *testing.T, r *Reader, n *Notifier) {
	t.Helper()
	touch(t, n, filepath.Join(r.dir, "last"))
	followNew(t, r, n)                                  // the events before may have ended watches
	for _, folder := range foldersBelow(t, r.dir)[1:] { // not the one around the tree
		touch(t, n, filepath.Join(folder, "new"))
	}
}

// touch writes a file until there is an event with its name, and removes the file.
func touch(t *testing.T, n *Notifier, file string) {
	t.Helper()
	eventually(t, func() bool {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return slices.Contains(n.hints.take(), file)
	})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// followNew follows a directory until none in it is new. An event that comes between may end a
// watch, so that its directory is new again.
func followNew(t *testing.T, r *Reader, n *Notifier) {
	t.Helper()
	for range 10 {
		if fresh := follow(t, r, n); !fresh {
			return
		}
	}
	t.Fatal("a directory is new to each Follow")
}

// followed returns a reader of a new directory with some files, and a notifier that follows it.
func followed(t *testing.T, files map[string]string) (*Reader, *Notifier) {
	t.Helper()
	above, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(filepath.Join(above, "policies"), testLayout)
	directorytest.Write(t, r.dir, files)
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	follow(t, r, n)
	follow(t, r, n)
	return r, n
}

// follow reads a directory, and follows it.
func follow(t *testing.T, r *Reader, n *Notifier) (fresh bool) {
	t.Helper()
	if _, err := r.ReadChanged(); err != nil {
		t.Fatal(err)
	}
	fresh, err := n.Follow(r)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// changeFolders changes up to three folders below a directory.
func changeFolders(t *testing.T, random *rand.Rand, dir string) {
	t.Helper()
	for range random.IntN(4) {
		changeFolder(t, random, dir)
	}
}

// changeFolder creates, removes or renames a folder below a directory, with those in it.
func changeFolder(t *testing.T, random *rand.Rand, dir string) {
	t.Helper()
	some := func() string {
		path := dir
		for range 1 + random.IntN(3) {
			path = filepath.Join(path, strconv.Itoa(random.IntN(3)))
		}
		return path
	}
	path := some()
	var err error
	switch random.IntN(4) {
	case 0:
		err = os.RemoveAll(path)
	case 1:
		_ = os.Rename(path, some()) // fails if there is none, or one that is not empty
	default:
		err = os.MkdirAll(path, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// foldersBelow returns a directory, the one that it is in, and those below it, in order.
func foldersBelow(t *testing.T, dir string) []string {
	t.Helper()
	folders := []string{filepath.Dir(dir)}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			folders = append(folders, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(folders)
	return folders
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not after a minute")
		}
	}
}

// TestNotifierSharesTheListing checks that a notifier keeps no copy of the folders that it
// watches: it has the table of the reader's listing, also after a change of a file and after a
// poll, and only the directory around the tree in addition.
func TestNotifierSharesTheListing(t *testing.T) {
	r, n := followed(t, map[string]string{"a/b/c": "1", "a/d": "2"})
	for _, c := range []struct {
		name   string
		change func() error
		read   func() (*Tree, error)
	}{
		{"nothing changed", func() error { return nil }, r.ReadChanged},
		{"a file", func() error { return os.WriteFile(r.dir+"/a/b/c", []byte("3"), 0o644) }, r.ReadChanged},
		{"a folder", func() error { return os.Mkdir(r.dir+"/e", 0o755) }, r.ReadChanged},
		{"a poll", func() error { return nil }, r.Read},
	} {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.read(); err != nil {
			t.Fatal(err)
		}
		if fresh, err := n.Follow(r); fresh || err != nil {
			t.Errorf("%s: fresh %t, error %v", c.name, fresh, err)
		}
		if !n.follows(r.last.listing) {
			t.Errorf("%s: the notifier has other folders than the listing", c.name)
		}
		if others := slices.Collect(maps.Keys(n.watched.others)); len(others) != 1 || others[0] != filepath.Dir(r.dir) {
			t.Errorf("%s: the notifier also watches %q", c.name, others)
		}
	}
}

// TestLinkInTheTree checks that all events in a folder count if the directory is opened by a
// link in that folder: it is also on the route to the directory, in which only the link counts.
func TestLinkInTheTree(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	directorytest.Write(t, top, map[string]string{"a/b": "1"})
	link := filepath.Join(top, "a", ".link")
	if err := os.Symlink(top, link); err != nil {
		t.Fatal(err)
	}
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(link, testLayout)
	for range 3 {
		follow(t, r, n)
	}
	directorytest.Write(t, top, map[string]string{"a/b": "2"})
	select {
	case <-n.Changed():
	case <-time.After(time.Minute):
		t.Error("a change of a file next to the link is no event")
	}
}
