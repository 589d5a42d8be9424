package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/bounded"
	"extauthz/tests/fixture"
	"extauthz/tests/stack"
	"extauthz/tests/stack/containers"
)

// command runs crane, logged in as user, and returns its output. If the stack is one of containers,
// so is crane, next to Envoy.
func (sys *system) command(t *testing.T, user string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := fixture.Login(dir, sys.Address(stack.Envoy), user); err != nil {
		t.Fatal(err)
	}
	if all, ok := sys.Stack.(*containers.Containers); ok {
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		return all.Crane(t.Context(), string(config), args...)
	}
	run := exec.Command(crane, args...)
	run.Env = append(os.Environ(), "DOCKER_CONFIG="+dir)
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err := bounded.Run(t.Context(), 10*time.Minute, run)
	return out.String(), err
}

func cranePulls(t *testing.T, sys *system) {
	out, err := sys.command(t, "bob", "digest", sys.through(t, "team/app", "v1").String())
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(out); got != digest(t, sys.team) {
		t.Errorf("crane printed %q, want %s", got, digest(t, sys.team))
	}
}

func cranePushes(t *testing.T, sys *system) {
	out, err := sys.command(t, "alice", "copy", sys.through(t, "team/app", "v1").String(), sys.through(t, "team/app", "pushed-by-crane").String())
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pushed, err := remote.Head(sys.behind(t, "team/app", "pushed-by-crane"))
	if err != nil || pushed.Digest.String() != digest(t, sys.team) {
		t.Errorf("the registry has %v (%v), want %s", pushed, err, digest(t, sys.team))
	}
}

// craneIsDenied checks that crane prints ECR's own words.
func craneIsDenied(t *testing.T, sys *system) {
	out, err := sys.command(t, "bob", "tag", sys.through(t, "team/app", "v1").String(), "v2")
	if err == nil {
		t.Fatalf("crane tagged as bob: %s", out)
	}
	const want = "DENIED: User: arn:aws:iam::123456789012:user/bob is not authorized to perform: " +
		"ecr:PutImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/team/app " +
		"because no identity-based policy allows the ecr:PutImage action"
	if !strings.Contains(out, want) {
		t.Errorf("crane printed %q, want %q in it", out, want)
	}
}
