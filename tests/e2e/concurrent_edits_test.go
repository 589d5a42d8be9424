package e2e

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// An edit of one file, and its effect on the answers to one user's request.
type edit struct {
	user, path     string
	file, old, new string
	before, after  int
}

// concurrent lists edits of principals.yaml, htpasswd and two policies.
var concurrent = []edit{
	{"dave", "/v2/shared/app/manifests/v1", repositories + "/shared/app/_policy.json", "Allow", "Deny", http.StatusOK, http.StatusForbidden},
	{"bob", "/v2/team/app/manifests/v1", "principals.yaml", "policies: [readers]", "policies: [login]", http.StatusOK, http.StatusForbidden},
	{"alice", "/v2/team/app/manifests/v1", "htpasswd", "alice:$2a$05$7Kf3", "alice:$2a$05$7Kf4", http.StatusOK, http.StatusUnauthorized},
}

// concurrentEdits edits all kinds of files at the same time, back and forth, while requests flow.
// Every answer is the one before or the one after its edit, and after a second only the one
// after it: this includes a password that was verified a moment ago. Other requests are not
// affected.
func concurrentEdits(t *testing.T, sys *system) {
	others := map[*flow]int{
		sys.flows(t, "admin", "/v2/secret/app/manifests/v1"):   http.StatusOK,
		sys.flows(t, "mallory", "/v2/team/app/manifests/v1"):   http.StatusForbidden,
		sys.flows(t, "alice", "/v2/secret/app/manifests/v1"):   http.StatusForbidden,
		sys.flows(t, "unknown", "/v2/shared/app/manifests/v1"): http.StatusUnauthorized,
	}
	flows := make([]*flow, len(concurrent))
	for i, e := range concurrent {
		flows[i] = sys.flows(t, e.user, e.path)
	}
	start := time.Now()
	for round := range 4 {
		sys.editAll(t, flows, round%2 == 1)
	}
	for f, status := range others {
		if f.user == "alice" {
			f.only(t, start, f.enough(start), status, http.StatusUnauthorized)
			continue
		}
		f.only(t, start, f.enough(start), status)
	}
	if failed := sys.metric(t, "extauthz_policy_reload_failures_total"); failed != 0 {
		t.Errorf("%v reloads failed, want none", failed)
	}
}

// editAll makes all edits, or reverts them.
func (sys *system) editAll(t *testing.T, flows []*flow, back bool) {
	t.Helper()
	edited := time.Now()
	for _, e := range concurrent {
		old, new := e.old, e.new
		if back {
			old, new = new, old
		}
		file := filepath.Join(sys.Policies, filepath.FromSlash(e.file))
		writeOver(t, file, turned(t, file, old, new))
	}
	want := onDisk(t, sys.Policies)
	soon(t, "the edits are in force", func() bool { return sys.snapshot(t).Digest == want })
	inForce := time.Now()
	for i, e := range concurrent {
		before, after := e.before, e.after
		if back {
			before, after = after, before
		}
		now := flows[i].enough(inForce)
		flows[i].only(t, edited, now, before, after)
		flows[i].only(t, inForce, now, after)
	}
}
