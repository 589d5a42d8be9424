package directory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// paths are the ways in which an operator can write the path of the same directory, from
// its parent or from another working directory.
var paths = []struct{ name, from, dir string }{
	{"absolute", "", "ROOT/policies"},
	{"absolute, not cleaned", "", "ROOT/./other/..//policies/"},
	{"relative", ".", "policies"},
	{"relative with a slash at its end", ".", "policies/"},
	{"relative with a dot", ".", "./policies/"},
	{"relative to a parent", "other", "../policies"},
	{"the working directory", "policies", "."},
	{"the working directory, with a slash", "policies", "./"},
	{"a parent", "policies/managed", ".."},
	{"a link", ".", "link"},
	{"a link with a slash", ".", "link/"},
	{"an absolute link", "", "ROOT/link"},
	{"a folder behind a link", ".", "parent/policies"},
	{"the parent of a link's target", ".", "elsewhere/../policies"},
	{"from a working directory that is a link", "link", "."},
	{"from below a working directory that is a link", "elsewhere", "../policies"},
	{"a volume", ".", "volume"},
	{"the working directory, a volume", "volume", "."},
	{"an absolute volume", "", "ROOT/volume"},
	{"a link to a volume", ".", "mounted"},
}

// TestEveryPathOfADirectory reads and watches the same directory by each of its paths: a
// notifier that follows the directory a second time finds nothing new, and signals a
// change of a file. With two names of one directory it would find something new each
// time.
func TestEveryPathOfADirectory(t *testing.T) {
	for _, c := range paths {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			changed := writePaths(t, root)
			if c.from != "" {
				t.Chdir(filepath.Join(root, c.from))
			}
			r := NewReader(strings.ReplaceAll(c.dir, "ROOT", root), testLayout)
			n, err := NewNotifier()
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			follow := func(want bool) {
				t.Helper()
				if fresh, err := n.Follow(r); err != nil || fresh != want {
					t.Errorf("fresh %t, error %v; want %t", fresh, err, want)
				}
			}
			follow(true) // before anything is read
			got, err := r.Read()
			if err != nil || string(got.Text("managed/a")) != "1" {
				t.Fatalf("error %v, text %q, want that of managed/a", err, got.Text("managed/a"))
			}
			follow(false)
			follow(false)
			select {
			case <-n.Changed():
				t.Error("a change is signalled without a change")
			default:
			}
			for _, file := range changed {
				if err := os.WriteFile(filepath.Join(root, file), []byte("2"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			<-n.Changed()
		})
	}
}

// writePaths writes the directories of all paths, and returns the files to change.
func writePaths(t *testing.T, root string) (files []string) {
	t.Helper()
	directorytest.Write(t, root, map[string]string{"policies/managed/a": "1", "other/x": "", "top/folder/x": "", "top/policies/managed/a": "1"})
	directorytest.Volume(t, filepath.Join(root, "volume"), "..gen", map[string]string{"managed..a": "1"})
	for link, target := range map[string]string{"link": "policies", "parent": "top", "elsewhere": "top/folder", "mounted": "volume"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"policies/managed/a", "top/policies/managed/a", "volume/..gen/managed..a"}
}

// TestNamesInErrorsAreRelative checks that an error about the directory itself has the
// relative name of the directory, as errors about files in it have.
func TestNamesInErrorsAreRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := NewReader("./policies", testLayout).Read(); err == nil || !strings.HasPrefix(err.Error(), ".: the policy directory cannot be read: ") {
		t.Errorf("error %v", err)
	}
}

// TestTwoNamesOfADirectory checks that a directory with two names, as a bind mount gives
// it, has one watch, and that neither name takes it from the other.
func TestTwoNamesOfADirectory(t *testing.T) {
	root := t.TempDir()
	directorytest.Write(t, root, map[string]string{"a/x": ""})
	first, second := filepath.Join(root, "a"), filepath.Join(root, "b")
	if err := os.Symlink("a", second); err != nil {
		t.Fatal(err)
	}
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for _, want := range []bool{true, false, false} {
		if fresh, err := n.watch([]string{first, second}, nil, route{second: nil}); err != nil || fresh != want {
			t.Errorf("fresh %t, error %v; want %t", fresh, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(first, "y"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	<-n.Changed()
}
