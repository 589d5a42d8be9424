package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

// gitSync has the policies where git-sync puts them, more than fit in a ConfigMap: a new link
// to the next worktree is renamed over the old link, and the old worktree is removed. The
// link is the policy directory itself, or a folder above it.
func gitSync(inside string, stormy bool) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		g := &synced{root: t.TempDir(), inside: inside, present: -1}
		must(t, sys.Kill(stack.Extauthz))
		away := filepath.Join(t.TempDir(), "first")
		must(t, os.Rename(sys.Policies, away))
		g.add(t, away)
		g.next(t)
		must(t, os.Symlink(filepath.Join(g.root, "current", inside), sys.Policies))
		must(t, sys.Start(stack.Extauthz))
		l := sys.loaded(t)
		for range swaps {
			g.add(t, l.next(t))
			l.turn(t, func() { g.next(t) })
		}
		if stormy {
			l.storm(t, func(made string) { g.add(t, made) }, func() { g.next(t) })
		}
	}
}

// synced is a folder as git-sync maintains it.
type synced struct {
	root, inside string // inside is where in a worktree the policies are
	added        int    // worktrees so far
	present      int    // the one in place
}

// worktree returns the folder of a commit.
func worktree(number int) string { return filepath.Join(".worktrees", fmt.Sprintf("%040d", number)) }

// add turns the policies into a worktree.
func (g *synced) add(t testing.TB, policies string) {
	t.Helper()
	place := filepath.Join(g.root, worktree(g.added), g.inside)
	must(t, os.MkdirAll(filepath.Dir(place), 0o755))
	must(t, os.Rename(policies, place))
	fillUp(t, place)
	g.added++
}

// next switches to the next worktree.
func (g *synced) next(t testing.TB) {
	t.Helper()
	g.present++
	link := filepath.Join(g.root, "current")
	must(t, os.Symlink(worktree(g.present), link+".new"))
	must(t, os.Rename(link+".new", link))
	must(t, os.RemoveAll(filepath.Join(g.root, worktree(g.present-1))))
}

// fillUp adds more than a megabyte of managed policies, which is more than fits in a
// ConfigMap. They are read after the policies that the load uses, and before
// principals.yaml.
func fillUp(t testing.TB, policies string) {
	t.Helper()
	const many, size = 6, 256 << 10
	text := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}}`
	for number := range many {
		write(t, filepath.Join(policies, "managed", fmt.Sprintf("zone-%d.json", number)), fmt.Appendf(nil, "%s%*s", text, size, "\n"))
	}
}
