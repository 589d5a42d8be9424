package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestSummarize wants the last line that CI reads, and no success where
// something failed, was missing in CI, or ran nothing.
func TestSummarize(t *testing.T) {
	cases := []struct {
		name   string
		o      outcome
		ci     bool
		last   string
		failed bool
	}{
		{"all well", outcome{passed: 3}, true, "3 passed, 0 failed, 0 skipped", false},
		{"a failure", outcome{passed: 3, failed: 1}, false, "3 passed, 1 failed, 0 skipped", true},
		{"missing at home", outcome{passed: 3, missing: []string{"Envoy"}}, false, "3 passed, 0 failed, 1 skipped", false},
		{"missing in CI", outcome{passed: 3, missing: []string{"Envoy"}}, true, "3 passed, 1 failed, 1 skipped", true},
		{"nothing", outcome{}, false, "0 passed, 1 failed, 1 skipped", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			c.o.judge(c.ci)
			failed := summarize(&out, []result{{"stage", time.Second, c.o}})
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if failed != c.failed || lines[len(lines)-1] != c.last {
				t.Errorf("failed %v, last line %q; want %v, %q", failed, lines[len(lines)-1], c.failed, c.last)
			}
			for _, why := range c.o.missing {
				if !strings.Contains(out.String(), "stage: "+why) {
					t.Errorf("%q is not told", why)
				}
			}
		})
	}
}

// TestCommandLimit ends a command, and what it started, when time is up.
func TestCommandLimit(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var out strings.Builder
	g := &gate{out: &out}
	began := time.Now()
	err := g.command(ctx, "", &out, "sh", "-c", "sleep 60 & wait")
	if err == nil || !strings.Contains(out.String(), "want of time") {
		t.Errorf("command() = %v and printed %q, want the reason", err, out.String())
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to end", took)
	}
}
