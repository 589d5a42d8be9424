package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// accept is a check without faults.
func accept(string) error { return nil }

// listing returns the names in a directory.
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

// TestWriteFails checks that a failed Write overwrites nothing and leaves no files.
func TestWriteFails(t *testing.T) {
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
		{"full", map[string]string{"mine": "yours"}, accept, "is not empty; give a directory that does not exist"},
		{"file", nil, accept, "is a file or a link; give a directory that does not exist"},
		{"link", nil, accept, "is a file or a link; give a directory that does not exist"},
		{"absent/below", nil, accept, "give a directory whose parent exists"},
		{"absent", map[string]string{"a": "1", "a/b": "2"}, accept, "a"},
		{"absent", map[string]string{"a": "1"}, func(string) error { return errors.New("check failed") }, "check failed"},
		{"absent", map[string]string{"a": "1"}, func(string) error { return os.MkdirAll(filepath.Join(parent, "absent", "other"), 0o755) }, "give a directory that does not exist"},
		{"late", map[string]string{"a": "1"}, func(string) error { return os.WriteFile(filepath.Join(parent, "late"), []byte("theirs"), 0o644) }, "give a directory that does not exist"},
		{"later", map[string]string{"a": "1"}, func(string) error { return os.Symlink("full", filepath.Join(parent, "later")) }, "give a directory that does not exist"},
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
