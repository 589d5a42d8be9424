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

// TestStopSendsTerm checks that a process can clean up before it ends.
func TestStopSendsTerm(t *testing.T) {
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

// TestStopReportsAnEarlyEnd checks that the error has the last line of a process that had
// already ended.
func TestStopReportsAnEarlyEnd(t *testing.T) {
	p := start(t, "echo out of memory; exit 3")
	<-p.ended
	err, exit := p.stop(), (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("stop() = %v, want its exit status and last line", err)
	}
}

// TestUntilNoticesAnEnd checks that until does not wait for a process that has ended.
func TestUntilNoticesAnEnd(t *testing.T) {
	p := start(t, "echo address in use; exit 1")
	err := p.until(http.DefaultClient, "http://127.0.0.1:1/")
	if err == nil || !strings.Contains(err.Error(), "address in use") {
		t.Errorf("until() = %v, want the process's last line", err)
	}
}

// TestTail checks that the end of a long log is kept, and all of a short one.
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
