package directory

import (
	"os"
	"path/filepath"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// TestRouteTo checks that a route has every link, and the directory that it ends at.
func TestRouteTo(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(root, path) }
	directorytest.Write(t, root, map[string]string{"worktrees/1/policies/a": ""})
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
		{"./worktrees/1/./policies/", []string{"worktrees/1/policies"}},
		{"worktrees/../worktrees/1/policies", []string{"worktrees/1/policies"}},
		{"git/current/../1/policies", []string{"git/current", "worktrees/1/policies"}},
		{"etc/policies/..", []string{"etc/policies", "git/current", "worktrees/1"}},
	} {
		route := routeTo(root + "/" + c.dir) // not cleaned
		if len(route) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.dir, route, c.want)
		}
		for _, path := range c.want {
			if names := route[filepath.Dir(at(path))]; len(names) != 1 || names[0] != at(path) {
				t.Errorf("%s: %v, want %s", c.dir, route, path)
			}
		}
	}
	if route := routeTo(at("loop")); len(route) != 1 {
		t.Errorf("a link to itself has the route %v", route)
	}
}
