package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// swaps is how often whole generations of policies are swapped under load.
const swaps = 12

// generation is a copy of the policies in which the same is right for everybody,
// however it comes to be: in the even ones dave is the user dave, whom the
// repository's policy allows, and in the odd ones another, whom it allows, while it
// denies dave, who is mallory there. Files of two generations together shut out
// dave, or let mallory in. Bob, whom nobody asks, has a password in the even ones
// alone, so that some mixtures cannot be loaded.
func generation(t *testing.T, number int) string {
	t.Helper()
	dir := copyPolicies(t, ownPolicies)
	turn := func(file, old, new string) {
		file = filepath.Join(dir, filepath.FromSlash(file))
		turnInPlace(old, new)(t, file)
	}
	turn("managed/login.json", "{", fmt.Sprintf("%s{", strings.Repeat("\n", number))) // no two are the same
	if number%2 == 0 {
		return dir
	}
	const user = "arn:aws:iam::123456789012:user/"
	turn("principals.yaml", `{basic: dave, principal: "`+user+`dave"}`, `{basic: dave, principal: "`+user+`other"}`)
	turn("principals.yaml", `{basic: mallory, principal: "`+user+`mallory"}`, `{basic: mallory, principal: "`+user+`dave"}`)
	turn("principals.yaml", "principals:\n", "principals:\n- {arn: "+user+"other, policies: [login]}\n")
	turn("principals.yaml", `- {basic: bob, principal: "`+user+`bob"}`+"\n", "")
	turn("htpasswd", "bob:", "# ")
	turn(repositories+"/shared/app/_policy.json", user+"dave", user+"other")
	return dir
}

// wholeGenerations swaps generations under constant load, and wants every answer
// to be that of one of them, and no mixture to have been tried.
func wholeGenerations(t *testing.T, w *world, swap func(number int, from string)) {
	t.Helper()
	let, shut := w.flows(t, "dave", "/v2/shared/app/manifests/v1"), w.flows(t, "mallory", "/v2/shared/app/manifests/v1")
	start := time.Now()
	let.only(t, start, let.enough(t, start), http.StatusOK)
	for number := 1; number <= swaps; number++ {
		before := w.inForceDigest(t)
		swap(number, generation(t, number))
		soon(t, fmt.Sprintf("generation %d is in force", number), func() bool { return w.inForceDigest(t) != before })
	}
	end := let.enough(t, time.Now())
	let.only(t, start, end, http.StatusOK)
	shut.only(t, start, end, http.StatusForbidden)
	if failed := w.metric(t, "extauthz_policy_reload_failures_total"); failed != 0 {
		t.Errorf("%v reloads failed, want none", failed)
	}
}

// gitSyncSwap has the policies where git-sync puts them: a link that is renamed
// over to lead to the next worktree, upon which the old one is removed.
func gitSyncSwap(t *testing.T, w *world) {
	current := w.Policies
	worktree := func(number int) string {
		return filepath.Join(".worktrees", fmt.Sprintf("%s-%d", filepath.Base(current), number))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Dir(current)
	link := func(number int) {
		must(os.Symlink(worktree(number), current+".new"))
		must(os.Rename(current+".new", current))
	}
	must(w.Kill(stack.Extauthz))
	must(os.MkdirAll(filepath.Join(root, ".worktrees"), 0o755))
	must(os.Rename(current, filepath.Join(root, worktree(0))))
	link(0)
	must(w.Start(stack.Extauthz))
	wholeGenerations(t, w, func(number int, from string) {
		must(os.Rename(from, filepath.Join(root, worktree(number))))
		link(number)
		must(os.RemoveAll(filepath.Join(root, worktree(number-1))))
	})
}

// projectedVolume is the quickstart's Envoy over policies from several ConfigMaps
// and a Secret in one projected volume.
func projectedVolume(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = t.TempDir()
	project(t, spec.Policies, 0, generation(t, 0))
	return spec
}

func projectedSwap(t *testing.T, w *world) {
	wholeGenerations(t, w, func(number int, from string) { project(t, w.Policies, number, from) })
}

// project does what the kubelet does for a new generation of a projected volume,
// of which some sources have flat keys and some name folders for their items: one
// folder with the files of all, ..data renamed over to lead there, a link for
// each name in it, and the old folder removed.
func project(t *testing.T, dir string, number int, from string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := func(number int) string { return fmt.Sprintf("..generation-%d", number) }
	into := filepath.Join(dir, folder(number))
	must(os.CopyFS(filepath.Join(into, "accounts"), os.DirFS(filepath.Join(from, "accounts"))))
	must(os.RemoveAll(filepath.Join(from, "accounts")))
	flat := filepath.Join(t.TempDir(), "flat")
	for _, key := range flatten(t, from, flat) {
		must(os.Rename(filepath.Join(flat, key), filepath.Join(into, key)))
	}
	must(os.Symlink(folder(number), filepath.Join(dir, "..data_tmp")))
	must(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	if number > 0 {
		must(os.RemoveAll(filepath.Join(dir, folder(number-1))))
		return
	}
	names, err := os.ReadDir(into)
	must(err)
	for _, name := range names {
		must(os.Symlink(filepath.Join("..data", name.Name()), filepath.Join(dir, name.Name())))
	}
}
