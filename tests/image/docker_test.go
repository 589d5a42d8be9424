package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// limit is for all the tests together. Each docker command ends with it.
const limit = time.Hour

// ended is how a docker command ended.
type ended struct {
	code           int
	stdout, stderr string
}

// try runs docker with args and what stdin gives it, nil for nothing. The error
// says that docker could not be run to its end.
func try(ctx context.Context, stdin io.Reader, args ...string) (ended, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, "docker", args...)
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

// end runs docker with args to whatever end it comes to.
func end(t *testing.T, ctx context.Context, args ...string) ended {
	t.Helper()
	e, err := try(ctx, nil, args...)
	if err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return e
}

// docker runs docker with args, which must succeed, and returns what it
// printed.
func docker(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	e := end(t, ctx, args...)
	if e.code != 0 {
		t.Fatalf("docker %s: exit code %d\n%s%s", strings.Join(args, " "), e.code, e.stdout, e.stderr)
	}
	return strings.TrimSpace(e.stdout)
}

// remove runs docker with args when the test has ended, however it ended.
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
