package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// messageKey is the file with a secret key of age for tests. recipients.txt next to it has the
// public key.
func messageKey() string { return filepath.Join(stack.Root(), "denialmessage", "testdata", "key.txt") }

// frozenPolicy denies every push to team/frozen.
const (
	frozen       = "accounts/123456789012/eu-central-1/repositories/team/frozen/_policy.json"
	frozenLine   = `{ "Sid": "Frozen", "Effect": "Deny", "Principal": "*", "Action": "ecr:InitiateLayerUpload" }`
	thawedLine   = `{ "Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" }`
	frozenPolicy = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    " + thawedLine + ",\n    " + frozenLine + "\n  ]\n}\n"
)

// withMessages is the safe Envoy with a sidecar that writes messages for messageKey, and denies
// pushes to team/frozen.
func withMessages(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, ownPolicies)
	if err := os.MkdirAll(filepath.Dir(filepath.Join(spec.Policies, frozen)), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(spec.Policies, frozen), []byte(frozenPolicy))
	spec.Flags = []string{"--message-recipients", filepath.Join(filepath.Dir(messageKey()), "recipients.txt"), "--poll-interval", "1s"}
	return spec
}

// decodedMessage is a part of what extauthz decode prints.
type decodedMessage struct {
	ExplicitDeny      bool
	MatchedStatements struct {
		Items []struct {
			StatementID, Effect, Policy string
			Line                        int
		}
	}
	Context    struct{ Action, Resource string }
	DecisionID string
	DryRun     bool
}

// deniedPushLeadsToPolicy pushes with crane, and decodes the message in its output. It leads to the
// statement that denies the push, without which the push succeeds. A dry run leads there too.
func deniedPushLeadsToPolicy(t *testing.T, sys *system) {
	push := func() (string, error) {
		return sys.command(t, "alice", "copy", sys.through(t, "team/app", "v1").String(), sys.through(t, "team/frozen", "v1").String())
	}
	out, err := push()
	if err == nil {
		t.Fatalf("the push succeeded: %s", out)
	}
	tried := sys.request(t, "alice", http.MethodPost, "/dry-run/v2/team/frozen/blobs/uploads/").hasStatus(t, http.StatusForbidden)
	for text, dryRun := range map[string]bool{out: false, tried.body: true, tried.header.Get("X-Ecr-Authz-Encoded-Message"): true} {
		m := sys.decoded(t, text)
		if m.DryRun != dryRun || !m.ExplicitDeny || m.Context.Action != "ecr:InitiateLayerUpload" || !strings.HasSuffix(m.Context.Resource, ":repository/team/frozen") {
			t.Errorf("decoded %+v", m)
		}
		if line := sys.deniedAt(t, m); line != frozenLine {
			t.Errorf("the message leads to the line %s, want %s", line, frozenLine)
		}
		sys.hasDecision(t, m.DecisionID)
	}
	write(t, filepath.Join(sys.Policies, frozen), []byte(strings.Replace(frozenPolicy, ",\n    "+frozenLine, "", 1)))
	sys.becomes(t, http.StatusPreconditionFailed, "alice", http.MethodPost, "/dry-run/v2/team/frozen/blobs/uploads/")
	if out, err := push(); err != nil {
		t.Errorf("without the statement: %v: %s", err, out)
	}
}

// deniedAt returns the line of the policy directory at which the Deny in a message begins.
func (sys *system) deniedAt(t *testing.T, m decodedMessage) string {
	t.Helper()
	for _, s := range m.MatchedStatements.Items {
		if s.Effect != "DENY" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(sys.Policies, s.Policy))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		if s.Line < 1 || s.Line > len(lines) {
			t.Fatalf("%s has no line %d", s.Policy, s.Line)
		}
		return strings.TrimSpace(lines[s.Line-1])
	}
	t.Fatalf("no statement denies: %+v", m)
	return ""
}

// decoded runs extauthz decode with a text on standard input.
func (sys *system) decoded(t *testing.T, text string) (m decodedMessage) {
	t.Helper()
	run := exec.Command(programs.Extauthz, "decode", "--key", messageKey())
	var out, errors bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = strings.NewReader(text), &out, &errors
	if err := run.Run(); err != nil {
		t.Fatalf("%v: %s of %s", err, &errors, text)
	}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// messagesAreWithheld checks answers that must not have a message: a challenge, and what is
// allowed.
func messagesAreWithheld(t *testing.T, sys *system) {
	for _, a := range []answer{
		sys.request(t, "", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusUnauthorized),
		sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK),
		sys.request(t, "alice", http.MethodGet, "/v2/team/../x").hasStatus(t, http.StatusNotFound),
	} {
		if a.header.Get("X-Ecr-Authz-Encoded-Message") != "" || strings.Contains(a.body, "Encoded authorization") {
			t.Errorf("a message in %v %s", a.header, a.body)
		}
	}
	if a := sys.request(t, "bob", http.MethodHead, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden); !sys.decoded(t, a.header.Get("X-Ecr-Authz-Encoded-Message")).ExplicitDeny {
		t.Error("the message of a HEAD is not about an explicit deny")
	}
}
