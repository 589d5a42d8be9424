package policystore

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWayTo(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(root, path) }
	files(t, root, map[string]string{"worktrees/1/policies/a": ""})
	for link, target := range map[string]string{"git/current": "../worktrees/1", "etc/policies": at("git/current/policies"), "loop": "loop"} {
		if err := os.MkdirAll(filepath.Dir(at(link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dir  string
		want []string
	}{
		{"worktrees/1/policies", []string{"worktrees/1/policies"}},
		{"git/current", []string{"git/current", "worktrees/1"}},
		{"git/current/policies", []string{"git/current", "worktrees/1/policies"}},
		{"etc/policies", []string{"etc/policies", "git/current", "worktrees/1/policies"}},
		{"gone/policies", []string{"gone/policies"}},
	} {
		way := wayTo(at(c.dir))
		if len(way) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.dir, way, c.want)
		}
		for _, path := range c.want {
			if names := way[filepath.Dir(at(path))]; len(names) != 1 || names[0] != at(path) {
				t.Errorf("%s: %v, want %s", c.dir, way, path)
			}
		}
	}
	if way := wayTo(at("loop")); len(way) != 1 {
		t.Errorf("a link to itself has the way %v", way)
	}
}

// The policies are a folder of what a link leads to, and the old worktree stays:
// only the directory of the link tells of the swap.
func TestWatchAFolderBehindASwappedLink(t *testing.T) {
	dir := t.TempDir()
	files(t, filepath.Join(dir, "worktrees/1/policies"), small())
	contents := small()
	contents["managed/pull.json"] += "\n"
	files(t, filepath.Join(dir, "worktrees/2/policies"), contents)
	link := filepath.Join(dir, "git/current")
	if err := os.Mkdir(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"../worktrees/1", "../worktrees/2"} {
		if err := os.Symlink(target, link+"."+filepath.Base(target)); err != nil {
			t.Fatal(err)
		}
	}
	rename(t, link+".1", link)
	s := New(Options{Dir: filepath.Join(link, "policies"), Decision: options(), Poll: time.Hour, Debounce: 10 * time.Millisecond})
	watched(t, s)
	rename(t, link+".2", link)
	eventually(t, "the swapped link", func() bool { return s.Snapshot().Generation == 2 })
}
