package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// loggingToFile is the safe Envoy with a decision log in a file, which has the line of each request
// that was answered.
func loggingToFile(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Flags = append(spec.Flags, "--decision-log-required", "--decision-log-file", filepath.Join(t.TempDir(), "decisions.log"))
	return spec
}

// decisionFile returns the decision log's file.
func (sys *system) decisionFile() string { return sys.Flags[len(sys.Flags)-1] }

// traffic pushes as alice and pulls as bob, through Envoy. Both must succeed.
func (sys *system) traffic(t *testing.T) {
	t.Helper()
	pushed := image(t, "pushed again and again")
	must(t, remote.Write(sys.through(t, "team/used", "v1"), pushed, as("alice")))
	pulled, err := remote.Image(sys.through(t, "team/used", "v1"), as("bob"))
	must(t, err)
	layers, err := pulled.Layers()
	must(t, err)
	for _, layer := range layers {
		content, err := layer.Compressed()
		must(t, err)
		must(t, content.Close())
	}
}

// extauthz runs a command, which must end with an exit code, and returns its output.
func extauthz(t *testing.T, exit int, args ...string) string {
	t.Helper()
	out, err := exec.Command(programs.Extauthz, args...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) || failed != nil && failed.ExitCode() != exit || failed == nil && exit != 0 {
		t.Fatalf("extauthz %s: %v, want exit code %d:\n%s", strings.Join(args, " "), err, exit, out)
	}
	return string(out)
}

// changeIsReported removes bob's right to pull from the policies, for which both diff and replay
// report that he loses access. After the change he is denied, also as a dry run.
func changeIsReported(t *testing.T, sys *system) {
	sys.traffic(t)
	old, changed := sys.Policies, copyPolicies(t, sys.Policies)
	turnInPlace(`"ecr:BatchGetImage", `, "")(t, filepath.Join(changed, "managed", "readers.json"))
	for _, out := range []string{
		extauthz(t, 0, "diff", old, changed),
		extauthz(t, 1, "replay", "--log", sys.decisionFile(), "--policies", changed, "--against", old),
	} {
		if !strings.Contains(out, "user/bob") || !strings.Contains(out, "ecr:BatchGetImage") || strings.Contains(out, "user/alice") {
			t.Errorf("the report is not about bob's pull:\n%s", out)
		}
	}
	extauthz(t, 1, "diff", changed, old, "--no-new-access")
	extauthz(t, 0, "replay", "--log", sys.decisionFile(), "--policies", old)
	turnInPlace(`"ecr:BatchGetImage", `, "")(t, filepath.Join(old, "managed", "readers.json"))
	sys.awaits(t, "bob", "/v2/team/used/manifests/v1", http.StatusForbidden)
	dry := sys.request(t, "bob", http.MethodGet, "/dry-run/v2/team/used/manifests/v1").hasStatus(t, http.StatusForbidden)
	if !strings.Contains(dry.body, "UnauthorizedOperation") || !strings.Contains(dry.body, "ecr:BatchGetImage") {
		t.Errorf("the dry run is answered %s", dry.body)
	}
}

// generatedPoliciesSuffice replaces the broad policies of alice and bob by those that generate
// writes for their use. The same traffic is still allowed, and nothing else.
func generatedPoliciesSuffice(t *testing.T, sys *system) {
	sys.traffic(t)
	out := filepath.Join(t.TempDir(), "generated")
	extauthz(t, 0, "generate", "--log", sys.decisionFile(), "--policies", sys.Policies, "--out", out)
	for user, broad := range map[string]string{"alice": "developers", "bob": "readers"} {
		name := "used-123456789012-user-" + user
		text, err := os.ReadFile(filepath.Join(out, "managed", name+".json"))
		must(t, err)
		write(t, filepath.Join(sys.Policies, "managed", name+".json"), text)
		turnInPlace("["+broad+"]", "["+name+"]")(t, filepath.Join(sys.Policies, "principals.yaml"))
	}
	sys.awaits(t, "bob", "/v2/team/app/manifests/v1", http.StatusForbidden)
	sys.traffic(t)
	sys.request(t, "alice", http.MethodGet, "/v2/team/used/tags/list").hasStatus(t, http.StatusForbidden)
	sys.request(t, "alice", http.MethodPost, "/v2/team/other/blobs/uploads/").hasStatus(t, http.StatusForbidden)
	sys.request(t, "bob", http.MethodPost, "/v2/team/used/blobs/uploads/").hasStatus(t, http.StatusForbidden)
}
