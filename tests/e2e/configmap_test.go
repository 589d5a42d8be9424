package e2e

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// configMap is the quickstart's Envoy over policies that lie as the kubelet
// lays a ConfigMap: flat keys with ".." for "/", each a link through ..data.
func configMap(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = t.TempDir()
	swap(t, spec.Policies, "..2026_01_01", copyPolicies(t, ownPolicies))
	return spec
}

// configMapSwap swaps in a generation that takes a right away, and then one
// that cannot be loaded.
func configMapSwap(t *testing.T, w *world) {
	flow := w.flows(t, "dave", "/v2/shared/app/manifests/v1")
	other := w.flows(t, "alice", "/v2/team/app/manifests/v1")
	start := time.Now()
	flow.only(t, start, flow.enough(t, start), http.StatusOK)

	next := copyPolicies(t, ownPolicies)
	policy := filepath.Join(next, repositories, "shared", "app", "_policy.json")
	turnInPlace("Allow", "Deny")(t, policy)
	swapped := time.Now()
	swap(t, w.Policies, "..2026_01_02", next)
	flow.only(t, swapped.Add(inForce), flow.enough(t, swapped.Add(inForce)), http.StatusForbidden)

	turnInPlace("Statement", "Sentence")(t, policy)
	swapped = time.Now()
	swap(t, w.Policies, "..2026_01_03", next)
	flow.only(t, swapped, flow.enough(t, swapped.Add(inForce)), http.StatusForbidden)
	other.only(t, start, time.Now(), http.StatusOK)
	if w.metric(t, "extauthz_policy_reload_failures_total") < 1 {
		t.Error("the broken generation is not counted as a failure")
	}
}

// swap does what the kubelet does for a new generation of a ConfigMap: a
// folder of its own, ..data renamed over to point at it, the old one removed.
func swap(t *testing.T, dir, generation, from string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	old, _ := os.Readlink(filepath.Join(dir, "..data")) // none the first time
	keys := flatten(t, from, filepath.Join(dir, generation))
	must(os.Symlink(generation, filepath.Join(dir, "..data_tmp")))
	must(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	if old != "" {
		must(os.RemoveAll(filepath.Join(dir, old)))
		return
	}
	for _, key := range keys {
		must(os.Symlink(filepath.Join("..data", key), filepath.Join(dir, key)))
	}
}

// flatten copies the files of a tree into one folder, named as a ConfigMap can
// name them, and returns the names.
func flatten(t *testing.T, tree, into string) (keys []string) {
	t.Helper()
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(os.DirFS(tree), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key := strings.ReplaceAll(path, "/", "..")
		keys = append(keys, key)
		text, err := os.ReadFile(filepath.Join(tree, path))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(into, key), text, 0o644)
	})
	if err != nil || len(keys) < 5 {
		t.Fatalf("%d keys (%v), want at least 5", len(keys), err)
	}
	return keys
}
