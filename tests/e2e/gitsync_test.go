package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

// gitSync has the policies where git-sync puts them, more than a ConfigMap holds: a
// link that is renamed over to lead to the next worktree, upon which the old one is
// removed. The link is the policy directory itself, or leads to a folder above it.
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

// synced is a folder as git-sync keeps it.
type synced struct {
	root, inside string // inside is where in a worktree the policies are
	added        int    // worktrees so far
	present      int    // the one in place
}

// worktree is the folder of a commit.
func worktree(number int) string { return filepath.Join(".worktrees", fmt.Sprintf("%040d", number)) }

// add makes the policies a worktree.
func (g *synced) add(t testing.TB, policies string) {
	t.Helper()
	place := filepath.Join(g.root, worktree(g.added), g.inside)
	must(t, os.MkdirAll(filepath.Dir(place), 0o755))
	must(t, os.Rename(policies, place))
	fillUp(t, place)
	g.added++
}

// next puts the next worktree in place.
func (g *synced) next(t testing.TB) {
	t.Helper()
	g.present++
	link := filepath.Join(g.root, "current")
	must(t, os.Symlink(worktree(g.present), link+".new"))
	must(t, os.Rename(link+".new", link))
	must(t, os.RemoveAll(filepath.Join(g.root, worktree(g.present-1))))
}

// fillUp adds managed policies of more than a megabyte, which is as much as a
// ConfigMap holds. They are read after the policies that the load asks about, and
// before principals.yaml.
func fillUp(t testing.TB, policies string) {
	t.Helper()
	const many, size = 6, 256 << 10
	text := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}}`
	for number := range many {
		write(t, filepath.Join(policies, "managed", fmt.Sprintf("zone-%d.json", number)), fmt.Appendf(nil, "%s%*s", text, size, "\n"))
	}
}
