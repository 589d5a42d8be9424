package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"extauthz/tests/prerequisite"
)

// limit is the limit of all tests together. When it passes, docker commands are ended.
const limit = time.Hour

// ended is how a docker command ended.
type ended struct {
	code           int
	stdout, stderr string
}

// try runs docker with args and stdin, which may be nil. It returns an error if docker did not run
// to its end.
func try(ctx context.Context, stdin io.Reader, args ...string) (ended, error) {
	return runClient(ctx, "docker", nil, stdin, args...)
}

// runClient is try with a client of Docker and further variables of its environment.
func runClient(ctx context.Context, client string, env []string, stdin io.Reader, args ...string) (ended, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, client, args...)
	command.Env = append(os.Environ(), env...)
	command.Stdin, command.Stdout, command.Stderr = stdin, &stdout, &stderr
	command.WaitDelay = time.Second
	err := command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	if err != nil {
		return ended{}, errors.Join(err, context.Cause(ctx))
	}
	return ended{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// end runs docker with args, and returns how it ended.
func end(t *testing.T, ctx context.Context, args ...string) ended {
	t.Helper()
	e, err := try(ctx, nil, args...)
	if err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return e
}

// docker runs docker with args, which must succeed, and returns its output.
func docker(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	e := end(t, ctx, args...)
	if e.code != 0 {
		t.Fatalf("docker %s: exit code %d\n%s%s", strings.Join(args, " "), e.code, e.stdout, e.stderr)
	}
	return strings.TrimSpace(e.stdout)
}

// remove runs docker with args after the test.
func remove(t *testing.T, args ...string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		e, err := try(ctx, nil, args...)
		if err != nil || e.code != 0 {
			t.Errorf("docker %s: exit code %d, %v: %s", strings.Join(args, " "), e.code, err, e.stderr)
		}
	})
}

// requireEngine ends the test if no engine can run what this machine's Go builds.
func requireEngine(t *testing.T, ctx context.Context) {
	t.Helper()
	if err := engineRuns(ctx, runtime.GOOS+"/"+runtime.GOARCH); err != nil {
		prerequisite.Check(t, fmt.Errorf("the Dockerfile is not tested: %w", err))
	}
}

// engineRuns returns an error unless an engine runs programs of the platform, such as
// linux/amd64.
func engineRuns(ctx context.Context, platform string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	e, err := try(ctx, nil, "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
	if err != nil {
		return fmt.Errorf("no Docker engine responds: %w", err)
	}
	if e.code != 0 {
		return fmt.Errorf("no Docker engine responds: %s", strings.TrimSpace(e.stderr))
	}
	if engine := strings.TrimSpace(e.stdout); engine != platform {
		return fmt.Errorf("the Docker engine runs %s, this machine's Go is for %s", engine, platform)
	}
	return nil
}
