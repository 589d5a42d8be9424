package dockercli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/prerequisite"
)

// limit is far more than one command takes on a busy machine.
const limit = 5 * time.Minute

// Require skips the test if no Docker engine responds. With CI=true the test fails.
func Require(t testing.TB) {
	t.Helper()
	prerequisite.Check(t, bounded.Docker(t.Context()))
}

// Run runs docker with args, which must succeed, and returns its output without spaces around it.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	return Input(t, nil, args...)
}

// Input runs docker as Run does, with stdin.
func Input(t testing.TB, stdin io.Reader, args ...string) string {
	t.Helper()
	out, err := command(stdin, args)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Try runs docker with args and returns its output, and an error with the reason if it failed.
func Try(args ...string) (string, error) { return command(nil, args) }

// Combined runs docker as Try does, and returns what it wrote to both outputs.
func Combined(args ...string) (string, error) {
	var out bytes.Buffer
	docker := exec.Command("docker", args...)
	docker.Stdout, docker.Stderr = &out, &out
	err := bounded.Run(context.Background(), limit, docker)
	return out.String(), err
}

// After runs docker with args after the test, even if the test has ended with an error.
func After(t testing.TB, args ...string) {
	t.Helper()
	t.Cleanup(func() {
		if _, err := Try(args...); err != nil {
			t.Error(err)
		}
	})
}

// Inspect returns a property of a container or another object, as a template of Go selects it.
func Inspect(t testing.TB, object, template string) string {
	t.Helper()
	return Run(t, "inspect", "--format", template, object)
}

// Soon waits until done returns true. The test fails if that takes two minutes.
func Soon(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after two minutes: not %s", what)
		}
	}
}

func command(stdin io.Reader, args []string) (string, error) {
	var stdout, stderr bytes.Buffer
	docker := exec.Command("docker", args...)
	docker.Stdin, docker.Stdout, docker.Stderr = stdin, &stdout, &stderr
	// Cleanups run after the context of a test has ended.
	if err := bounded.Run(context.Background(), limit, docker); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
		}
		return "", fmt.Errorf("docker %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(stdout.String()), nil
}
