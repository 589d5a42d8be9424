package bounded

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// TestRun checks the error for each way in which a program ends.
func TestRun(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		script string
		limit  time.Duration
		want   error  // in the chain; nil accepts every error
		text   string // of the error
	}{
		{"succeeds", t.Context(), "true", time.Minute, nil, ""},
		{"fails", t.Context(), "echo no network >&2; exit 3", time.Minute, nil, "exit status 3: no network"},
		{"reaches the limit", t.Context(), "echo begun; sleep 600", 100 * time.Millisecond, context.DeadlineExceeded, "ran out of time after 100ms and was ended"},
		{"reaches the limit and ignores SIGTERM at first", t.Context(), "trap 'sleep 0.2; exit 0' TERM; sleep 600 & wait", 100 * time.Millisecond, context.DeadlineExceeded, "ran out of time after 100ms and was ended"},
		{"is canceled", canceled, "sleep 600", time.Minute, context.Canceled, "interrupted: context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := RunQuietly(c.ctx, c.limit, exec.Command("sh", "-c", c.script), io.Discard, "testing")
			if text := ""; err != nil {
				text = err.Error()
				if text != c.text {
					t.Errorf("error %q, want %q", text, c.text)
				}
			} else if c.text != "" {
				t.Errorf("no error, want %q", c.text)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v is not %v", err, c.want)
			}
		})
	}
}

// TestRunEndsAll checks that the processes that the program started are ended, too.
func TestRunEndsAll(t *testing.T) {
	var out strings.Builder
	c := exec.Command("sh", "-c", "sleep 600 & echo $!; wait")
	err := RunPrinting(t.Context(), 300*time.Millisecond, c, &out, "testing")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); running(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the child still runs")
		}
	}
}

// running reports whether the process exists and is not a zombie.
func running(pid int) bool {
	out, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	state := strings.TrimSpace(string(out))
	return syscall.Kill(pid, 0) == nil && state != "" && !strings.HasPrefix(state, "Z")
}
