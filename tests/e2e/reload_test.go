package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// settled is how long a change is watched after it must be in force.
const settled = 300 * time.Millisecond

// A change is one edit of the repository policy that lets dave pull shared/app,
// and what dave is answered once it is in force.
type change struct {
	name   string
	edit   func(t *testing.T, file string)
	status int
	broken bool // the policies cannot be loaded: the last good ones stay
}

var changes = []change{
	{"edited in place", turnInPlace("Allow", "Deny"), http.StatusForbidden, false},
	{"renamed over", turnByRename("Deny", "Allow"), http.StatusOK, false},
	{"removed", remove, http.StatusForbidden, false},
	{"back", create("Allow"), http.StatusOK, false},
	{"broken", turnInPlace(`"Effect"`, `"Efect"`), http.StatusOK, true},
	{"broken otherwise", turnInPlace("Statement", ""), http.StatusOK, true},
	{"mended", create("Deny"), http.StatusForbidden, false},
	{"broken while denying", turnByRename("}", ""), http.StatusForbidden, true},
	{"mended again", create("Allow"), http.StatusOK, false},
}

// editsWhileRequestsFlow makes the changes one after the other. Each is in
// force within a second, no request that it does not concern is answered
// otherwise, and none at all is answered by anything but one policy or the
// other.
func editsWhileRequestsFlow(t *testing.T, w *world) {
	allowed := w.flows(t, "alice", "/v2/team/app/manifests/v1")
	denied := w.flows(t, "bob", "/v2/secret/app/manifests/v1")
	changing := w.flows(t, "dave", "/v2/shared/app/manifests/v1")
	start := time.Now()
	changing.only(t, start, changing.enough(t, start), http.StatusOK)

	before := http.StatusOK
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			w.change(t, c, changing, before)
		})
		before = c.status
	}
	allowed.only(t, start, time.Now(), http.StatusOK)
	denied.only(t, start, time.Now(), http.StatusForbidden)
}

// change makes one change and watches the flow that it concerns.
func (w *world) change(t *testing.T, c change, changing *flow, before int) {
	failures := w.metric(t, "extauthz_policy_reload_failures_total")
	edited := time.Now()
	c.edit(t, filepath.Join(w.Policies, repositories, "shared", "app", "_policy.json"))

	now := changing.enough(t, edited.Add(inForce))
	changing.only(t, edited, now, before, c.status)
	changing.only(t, edited.Add(inForce), now, c.status)
	send(t, w.Address(stack.Extauthz), "", http.MethodGet, "/readyz", nil).wants(t, http.StatusOK)
	failed := w.metric(t, "extauthz_policy_reload_failures_total") > failures
	if failed != c.broken {
		t.Errorf("reload failure counted: %v, want %v", failed, c.broken)
	}
	if c.broken && !w.toldSince(edited, brokenFile, "") {
		t.Error("the log does not name the broken file")
	}
}

// toldSince tells whether extauthz has logged a file, named as in text, and behind
// it the reason since then. (Its log is kept from the end: what it told before may
// be gone.)
func (w *world) toldSince(then time.Time, text, reason string) bool {
	for line := range strings.Lines(w.Log(stack.Extauthz)) {
		var told struct{ Time time.Time }
		_, why, found := strings.Cut(line, text)
		if found && strings.Contains(why, reason) && json.Unmarshal([]byte(line), &told) == nil && told.Time.After(then) {
			return true
		}
	}
	return false
}

// brokenFile is how the log names the file that is edited, before its line.
const brokenFile = "shared/app/_policy.json:"

// repositories is the place of repository policies in the policy directory.
const repositories = "accounts/123456789012/eu-central-1/repositories"

// turned is the file's text with every old replaced.
func turned(t *testing.T, file, old, new string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	return []byte(strings.ReplaceAll(string(text), old, new))
}

// turnInPlace writes into the file itself, as a shell's redirection does.
func turnInPlace(old, new string) func(*testing.T, string) {
	return func(t *testing.T, file string) { write(t, file, turned(t, file, old, new)) }
}

// turnByRename writes another file and renames it over, as an editor does.
func turnByRename(old, new string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		beside := filepath.Join(filepath.Dir(file), ".new")
		write(t, beside, turned(t, file, old, new))
		if err := os.Rename(beside, file); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(t *testing.T, file string) {
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// create writes the policy anew, with this effect for dave.
func create(effect string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		original := filepath.Join("testdata", "policies", repositories, "shared", "app", "_policy.json")
		write(t, file, turned(t, original, "Allow", effect))
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// metric reads one number of extauthz's metrics.
func (w *world) metric(t *testing.T, name string) float64 {
	t.Helper()
	metrics := send(t, w.Address(stack.Extauthz), "", http.MethodGet, "/metrics", nil).wants(t, http.StatusOK)
	line := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics.body)
	if line == nil {
		t.Fatalf("no metric %s", name)
	}
	value, err := strconv.ParseFloat(line[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// loginTakenAway takes ecr:GetAuthorizationToken from a user whose every other
// right stays: nothing is allowed any more, at once.
func loginTakenAway(t *testing.T, w *world) {
	flow := w.flows(t, "alice", "/v2/team/app/manifests/v1")
	start := time.Now()
	flow.only(t, start, flow.enough(t, start), http.StatusOK)

	edited := time.Now()
	turnInPlace("ecr:GetAuthorizationToken", "ecr:DescribeRegistry")(t, filepath.Join(w.Policies, "managed", "developers.json"))
	flow.only(t, edited.Add(inForce), flow.enough(t, edited.Add(inForce)), http.StatusForbidden)
	w.ask(t, "alice", http.MethodGet, "/v2/").wants(t, http.StatusUnauthorized)
}
