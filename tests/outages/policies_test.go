package outages

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/dockercli"
)

// swapped is a request that one generation of policies allows and the other denies.
var swapped = kind{"swapped", http.MethodGet, "bob", []int{http.StatusNotFound, http.StatusForbidden}, http.StatusNotFound}

// TestPoliciesSwapped replaces the policies below a read-only mount as the kubelet does: a new
// folder, and a link that is renamed over ..data. Every request is decided by the old or by the new
// policies.
func TestPoliciesSwapped(t *testing.T) {
	dir := shared(t)
	generation(t, dir, 0, true)
	s := start(t, config{policies: dir})
	f := s.traffic(t, append(usual, swapped)...)
	for n := 1; n <= 6; n++ {
		bobPulls := n%2 == 0
		generation(t, dir, n, bobPulls)
		want := http.StatusForbidden
		if bobPulls {
			want = http.StatusNotFound
		}
		dockercli.Soon(t, fmt.Sprintf("decided by generation %d", n), func() bool {
			for _, a := range f.next(t, 5) {
				if a.kind.name == swapped.name && a.status != want {
					return false
				}
			}
			return true
		})
	}
	if _, unavailable := f.finish(t); unavailable > 0 {
		t.Errorf("%d requests were answered 503, want none", unavailable)
	}
}

// generation lays a generation of the quickstart's policies, in which bob may or may not pull, and
// removes the one before.
func generation(t *testing.T, dir string, n int, bobPulls bool) {
	t.Helper()
	replace(t, dir, n, func(folder string) {
		if err := os.CopyFS(folder, os.DirFS(copied(t))); err != nil {
			t.Fatal(err)
		}
		if !bobPulls {
			forbid(t, folder)
		}
	}, "registries.yaml", "principals.yaml", "htpasswd", "managed", "accounts", "tests")
}

// replace replaces the entries of a folder as the kubelet does: it fills a new folder, renames a link
// over ..data, and removes the generation before. The first generation is 0.
func replace(t *testing.T, dir string, n int, fill func(folder string), entries ...string) {
	t.Helper()
	name := func(n int) string { return fmt.Sprintf("..2026_11_%02d", n) }
	if err := os.Mkdir(filepath.Join(dir, name(n)), 0o755); err != nil {
		t.Fatal(err)
	}
	fill(filepath.Join(dir, name(n)))
	if err := os.Symlink(name(n), filepath.Join(dir, "..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		if err := os.RemoveAll(filepath.Join(dir, name(n-1))); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, entry := range entries {
		if err := os.Symlink(filepath.Join("..data", entry), filepath.Join(dir, entry)); err != nil {
			t.Fatal(err)
		}
	}
}

// forbid changes policies so that bob may not pull. Before, he may pull and not push.
func forbid(t *testing.T, policies string) {
	t.Helper()
	edit(t, filepath.Join(policies, "managed", "team-pull.json"), `"ecr:BatchGetImage"`, `"ecr:ListTagsForResource"`)
}

func edit(t *testing.T, file, before, after string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), before) {
		t.Fatalf("%s does not contain %s (%v)", file, before, err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), before, after)), 0o644); err != nil {
		t.Fatal(err)
	}
}
