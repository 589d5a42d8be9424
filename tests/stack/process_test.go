package stack

import (
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, script string) *process {
	t.Helper()
	p, err := launch([]string{"sh", "-c", script}, new(tail))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// TestStopAsksFirst lets a process clean up before it ends.
func TestStopAsksFirst(t *testing.T) {
	p := start(t, `trap 'echo cleaned up; exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	for p.log.String() == "" {
		time.Sleep(time.Millisecond)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if got := p.log.lines(1); got != "cleaned up" {
		t.Errorf("last line %q, want cleaned up", got)
	}
}

// TestStopReportsAnEarlyEnd wants what a process said before it ended on its own.
func TestStopReportsAnEarlyEnd(t *testing.T) {
	p := start(t, "echo out of memory; exit 3")
	<-p.ended
	err, exit := p.stop(), (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("stop() = %v, want its exit status and last line", err)
	}
}

// TestUntilNoticesAnEnd does not wait for a process that is gone.
func TestUntilNoticesAnEnd(t *testing.T) {
	p := start(t, "echo address in use; exit 1")
	err := p.until(http.DefaultClient, "http://127.0.0.1:1/")
	if err == nil || !strings.Contains(err.Error(), "address in use") {
		t.Errorf("until() = %v, want the process's last line", err)
	}
}

// TestTail keeps the end of a log that is too long, and all of one that is not.
func TestTail(t *testing.T) {
	log := new(tail)
	line := strings.Repeat("x", 1023) + "\n"
	for range 2*tailSize/len(line) + 1 {
		_, _ = log.Write([]byte(line))
	}
	_, _ = log.Write([]byte("a\nb\n"))
	if got := log.lines(2); got != "a\nb" {
		t.Errorf("last lines %q, want a and b", got)
	}
	if n := len(log.String()); n < tailSize || n > 2*tailSize {
		t.Errorf("%d bytes kept, want %d to %d", n, tailSize, 2*tailSize)
	}
}
