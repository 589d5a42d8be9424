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
func gitSync(inside string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		g := &synced{root: t.TempDir(), inside: inside}
		must(t, w.Kill(stack.Extauthz))
		away := filepath.Join(t.TempDir(), "first")
		must(t, os.Rename(w.Policies, away))
		g.put(t, away)
		must(t, os.Symlink(filepath.Join(g.root, "current", inside), w.Policies))
		must(t, w.Start(stack.Extauthz))
		l := w.loaded(t)
		for range swaps / 2 {
			made := l.next(t)
			l.turn(t, func() { g.put(t, made) })
		}
	}
}

// synced is a folder as git-sync keeps it.
type synced struct {
	root, inside string // inside is where in a worktree the policies are
	number       int
}

// put makes the policies the present worktree.
func (g *synced) put(t testing.TB, policies string) {
	t.Helper()
	g.number++
	worktree := func(number int) string { return filepath.Join(".worktrees", fmt.Sprintf("%040d", number)) }
	place := filepath.Join(g.root, worktree(g.number), g.inside)
	must(t, os.MkdirAll(filepath.Dir(place), 0o755))
	must(t, os.Rename(policies, place))
	fillUp(t, place)
	link := filepath.Join(g.root, "current")
	must(t, os.Symlink(worktree(g.number), link+".new"))
	must(t, os.Rename(link+".new", link))
	must(t, os.RemoveAll(filepath.Join(g.root, worktree(g.number-1))))
}

// fillUp adds policies of other repositories, of more than a megabyte, which is as
// much as a ConfigMap holds.
func fillUp(t testing.TB, policies string) {
	t.Helper()
	const each, size = 24, 50 << 10
	for number := range each {
		file := filepath.Join(policies, repositories, fmt.Sprintf("other/app-%d", number), "_policy.json")
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		write(t, file, fmt.Appendf(allowing(""), "%*s", size, "\n"))
	}
}
