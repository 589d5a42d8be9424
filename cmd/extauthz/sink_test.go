package main

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
)

// pipe returns a standard output for a process, and its reading end.
func pipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	return reader, writer
}

// pull sends n requests of bob to pull.
func pull(t *testing.T, conn *grpc.ClientConn, n, want int) {
	t.Helper()
	for range n {
		wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), want)
	}
}

// TestBrokenSink closes the reading end of the decision log. Requests must still be
// answered, and lost lines counted. If the log is required, every request must be
// refused.
func TestBrokenSink(t *testing.T) {
	reader, writer := pipe(t)
	p := start(t, writer)
	reader.Close()
	conn := p.dial(t)
	pull(t, conn, 5, http.StatusOK)
	eventually(t, "five lines are lost", func() bool {
		_, metrics := get(t, p.admin, "/metrics")
		return strings.Contains(metrics, "extauthz_decision_log_lost_total 5\n")
	})
	p.signal(t, syscall.SIGTERM)
	p.wantExit(t, exitDone)
}

func TestBrokenRequiredSink(t *testing.T) {
	reader, writer := pipe(t)
	p := start(t, writer, "--decision-log-required")
	conn := p.dial(t)
	pull(t, conn, 1, http.StatusOK)
	reader.Close()
	pull(t, conn, 2, http.StatusServiceUnavailable)
	_, metrics := get(t, p.admin, "/metrics")
	for _, want := range []string{
		`extauthz_decisions_total{action="ecr:BatchGetImage",decision="allowed",operation="GetManifest",registry="quickstart",source="basic"} 1`,
		`extauthz_decisions_total{action="none",decision="unavailable",operation="none",registry="none",source="none"} 2`,
		`extauthz_decision_log_lost_total 2`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}

// TestFullSink never reads the decision log. First the pipe and then the queue fill, and
// then lines are lost. The process must still answer and stop.
func TestFullSink(t *testing.T) {
	_, writer := pipe(t)
	p := start(t, writer, "--decision-log-buffer", "1")
	conn := p.dial(t)
	pull(t, conn, 400, http.StatusOK) // more than fits into a pipe
	_, metrics := get(t, p.admin, "/metrics")
	if strings.Contains(metrics, "extauthz_decision_log_lost_total 0\n") {
		t.Error("no line is counted as lost")
	}
	p.signal(t, syscall.SIGTERM)
	p.message(t, "the decision log is incomplete")
	p.wantExit(t, exitDone)
}

// TestDecisionLogModes counts the lines of an allowed and a denied request.
func TestDecisionLogModes(t *testing.T) {
	for mode, want := range map[string]int{"all": 2, "denied": 1, "none": 0} {
		p := start(t, nil, "--decision-log", mode)
		conn := p.dial(t)
		pull(t, conn, 1, http.StatusOK)
		wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", "", http.StatusUnauthorized)
		p.signal(t, syscall.SIGTERM)
		p.wantExit(t, exitDone)
		if got := strings.Count(p.stdout.String(), "\n"); got != want {
			t.Errorf("--decision-log %s: %d lines; want %d", mode, got, want)
		}
	}
}
