package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/tests/fixture"
	"extauthz/tests/stack"
)

// crane is the command line client of go-containerregistry, built when it is
// first asked for.
var crane = sync.OnceValues(func() (binary string, err error) {
	binary = filepath.Join(filepath.Dir(programs.Extauthz), "crane")
	return binary, stack.Compile(context.Background(), filepath.Join(stack.Root(), "tests"),
		"github.com/google/go-containerregistry/cmd/crane", binary, os.Stderr)
})

// command runs crane logged in as user, and returns what it printed.
func (w *world) command(t *testing.T, user string, args ...string) (string, error) {
	t.Helper()
	binary, err := crane()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := fixture.Login(dir, w.Address(stack.Envoy), user); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, binary, args...)
	run.Env = append(os.Environ(), "DOCKER_CONFIG="+dir)
	out, err := run.CombinedOutput()
	return string(out), err
}

func cranePulls(t *testing.T, w *world) {
	out, err := w.command(t, "bob", "digest", w.through(t, "team/app", "v1").String())
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(out); got != digest(t, w.team) {
		t.Errorf("crane printed %q, want %s", got, digest(t, w.team))
	}
}

// craneIsDenied wants a person to read ECR's own words.
func craneIsDenied(t *testing.T, w *world) {
	out, err := w.command(t, "bob", "tag", w.through(t, "team/app", "v1").String(), "v2")
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
