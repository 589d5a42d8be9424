package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fine(string) error { return nil }

// listing are the names in a directory.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestWrite(t *testing.T) {
	parent := t.TempDir()
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(parent, "absent"), empty} {
		checked := ""
		err := Write(dir, map[string]string{"a": "1", "b/c": "2"}, func(staged string) error { checked = listing(t, staged); return nil })
		if err != nil || checked != "a b" {
			t.Fatalf("%s: %v, checked %q", dir, err, checked)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "b", "c")); err != nil || string(text) != "2" {
			t.Errorf("%s: %q, %v", dir, text, err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
	if got := listing(t, parent); got != "absent empty" {
		t.Errorf("left behind: %s", got)
	}
}

// TestWriteNothing holds that nothing is overwritten, and nothing written in
// part.
func TestWriteNothing(t *testing.T) {
	parent := t.TempDir()
	for name, text := range map[string]string{"full/mine": "mine", "file": "mine"} {
		path := filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(parent, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir   string
		files map[string]string
		check func(string) error
		want  string
	}{
		{"full", map[string]string{"mine": "yours"}, fine, "is not empty, and nothing is overwritten"},
		{"file", nil, fine, "is there, and no directory"},
		{"link", nil, fine, "is there, and no directory"},
		{"absent/below", nil, fine, "name a directory whose parent is there"},
		{"absent", map[string]string{"a": "1", "a/b": "2"}, fine, "a"},
		{"absent", map[string]string{"a": "1"}, func(string) error { return errors.New("not as it should be") }, "not as it should be"},
		{"absent", map[string]string{"a": "1"}, func(string) error { return os.MkdirAll(filepath.Join(parent, "absent", "other"), 0o755) }, "name a directory that is not there yet"},
		{"late", map[string]string{"a": "1"}, func(string) error { return os.WriteFile(filepath.Join(parent, "late"), []byte("theirs"), 0o644) }, "name a directory that is not there yet"},
		{"later", map[string]string{"a": "1"}, func(string) error { return os.Symlink("full", filepath.Join(parent, "later")) }, "name a directory that is not there yet"},
	} {
		err := Write(filepath.Join(parent, c.dir), c.files, c.check)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.dir, err, c.want)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(parent, "full", "mine")); string(text) != "mine" {
		t.Errorf("overwritten: %q", text)
	}
	if text, _ := os.ReadFile(filepath.Join(parent, "late")); string(text) != "theirs" {
		t.Errorf("overwritten: %q", text)
	}
	if got := listing(t, parent); got != "absent file full late later link" || listing(t, filepath.Join(parent, "absent")) != "other" {
		t.Errorf("left behind: %s", got)
	}
}
