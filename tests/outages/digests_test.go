package outages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/dockercli"
)

// removed is a request that the older policies allow, and added one that the newer policies allow.
var (
	removed = kind{"removed", http.MethodGet, "bob", []int{http.StatusNotFound, http.StatusForbidden}, http.StatusNotFound}
	added   = kind{"added", http.MethodDelete, "bob", []int{http.StatusAccepted, http.StatusNotFound, http.StatusForbidden}, http.StatusNotFound}
)

// TestOlderPolicies gives one of two replicas newer policies. The metric with the digest shows that
// they disagree. Every answer is that of the older or the newer policies, and what neither allows
// is denied. Then the other replica receives the newer policies, too.
func TestOlderPolicies(t *testing.T) {
	first, second := copied(t), copied(t)
	s := start(t, config{policies: first}, config{policies: second})
	f := s.traffic(t, append(usual, removed, added)...)
	older := s.digests(t, 1)
	newer(t, second)
	dockercli.Soon(t, "two digests", func() bool { return len(s.inForce()) == 2 })
	dockercli.Soon(t, "answers of both", func() bool {
		statuses := map[string]bool{}
		for _, a := range f.next(t, 20) {
			statuses[fmt.Sprint(a.kind.name, a.status)] = true
		}
		return statuses["removed404"] && statuses["removed403"] && statuses["added404"] && statuses["added403"]
	})
	newer(t, first)
	latest := s.digests(t, 1)
	for _, a := range f.next(t, 20) {
		if want := map[string]int{"removed": 403, "added": 404}[a.kind.name]; want != 0 && a.status != want {
			t.Errorf("under the newer policies, %s is answered %d, want %d", a.reference, a.status, want)
		}
	}
	if _, unavailable := f.finish(t); unavailable > 0 {
		t.Errorf("%d requests were answered 503, want none", unavailable)
	}
	s.agree(t, older[0], latest[0])
}

// newer changes policies so that bob may delete images and not pull them.
func newer(t *testing.T, policies string) {
	t.Helper()
	file := filepath.Join(policies, "managed", "team-pull.json")
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), `"ecr:BatchGetImage"`) != 1 {
		t.Fatalf("%s does not have the action to replace once (%v)", file, err)
	}
	edited := strings.Replace(string(text), `"ecr:BatchGetImage"`, `"ecr:BatchDeleteImage"`, 1)
	replacement := filepath.Join(shared(t), "team-pull.json")
	if err := os.WriteFile(replacement, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(replacement, file); err != nil {
		t.Fatal(err)
	}
}

// inForce returns the digests that the metrics of the replicas show.
func (s *system) inForce() map[string]bool {
	digests := map[string]bool{}
	for _, r := range s.replicas {
		digests[r.metric("extauthz_policy_info")] = true
	}
	return digests
}

// digests waits until the replicas have n digests, and returns them without the syntax of metrics.
func (s *system) digests(t *testing.T, n int) (digests []string) {
	t.Helper()
	dockercli.Soon(t, fmt.Sprintf("%d digests", n), func() bool { return len(s.inForce()) == n })
	for digest := range s.inForce() {
		digest, _, _ = strings.Cut(strings.TrimPrefix(digest, `{digest="`), `"`)
		digests = append(digests, digest)
	}
	return digests
}

// agree checks each line of the decision logs: what it decided must be what the policies with its
// digest say. So no answer mixes two policy directories.
func (s *system) agree(t *testing.T, older, newer string) {
	t.Helper()
	counts := map[string]int{}
	for _, r := range s.replicas {
		log, err := dockercli.Try("logs", r.name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(log) {
			var d struct{ Decision, Digest, Reference string }
			if json.Unmarshal([]byte(line), &d) != nil || d.Digest == "" {
				continue
			}
			name, _, _ := strings.Cut(d.Reference, "-")
			want := map[string]string{
				"removed" + older: "allowed", "removed" + newer: "implicitDeny",
				"added" + older: "implicitDeny", "added" + newer: "allowed",
				"allowed" + older: "allowed", "allowed" + newer: "allowed",
				"denied" + older: "implicitDeny", "denied" + newer: "implicitDeny",
			}[name+d.Digest]
			if name != "" && d.Decision != want {
				t.Errorf("%s decided %s with the digest %s, want %q", d.Reference, d.Decision, d.Digest, want)
			}
			counts[name+d.Digest]++
		}
	}
	for _, name := range []string{"removed" + older, "removed" + newer, "added" + older, "added" + newer} {
		if counts[name] == 0 {
			t.Errorf("no decision of the kind and digest %s", name)
		}
	}
}
