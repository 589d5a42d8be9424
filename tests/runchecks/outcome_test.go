package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSummarize checks the last line, which CI reads, and that a stage fails that failed, ran
// nothing, or in CI lacks something.
func TestSummarize(t *testing.T) {
	cases := []struct {
		name   string
		o      outcome
		ci     bool
		last   string
		failed bool
	}{
		{"everything passes", outcome{Passed: 3}, true, "3 passed, 0 failed, 0 skipped", false},
		{"a failure", outcome{Passed: 3, Failed: 1}, false, "3 passed, 1 failed, 0 skipped", true},
		{"missing outside CI", outcome{Passed: 3, Missing: []string{"Envoy"}}, false, "3 passed, 0 failed, 1 skipped", false},
		{"missing in CI", outcome{Passed: 3, Missing: []string{"Envoy"}}, true, "3 passed, 1 failed, 1 skipped", true},
		{"left to .ci/run", outcome{Passed: 3, Left: []string{"cosign"}}, false, "3 passed, 0 failed, 1 skipped", false},
		{"left to .ci/run, in CI", outcome{Passed: 3, Left: []string{"cosign"}}, true, "3 passed, 1 failed, 1 skipped", true},
		{"left to another target, in CI", outcome{Passed: 3, Elsewhere: []string{"OPA-Envoy"}}, true, "3 passed, 0 failed, 0 skipped", false},
		{"only left to another target", outcome{Elsewhere: []string{"OPA-Envoy"}}, false, "0 passed, 1 failed, 0 skipped", true},
		{"nothing", outcome{}, false, "0 passed, 1 failed, 0 skipped", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			c.o.judge(c.ci)
			failed := summarize(&out, []result{{"stage", time.Second, time.Second, c.o}}, time.Second)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if failed != c.failed || lines[len(lines)-1] != c.last {
				t.Errorf("failed %v, last line %q; want %v, %q", failed, lines[len(lines)-1], c.failed, c.last)
			}
			for _, line := range slices.Concat(c.o.Reasons, c.o.Missing, c.o.Left, c.o.Elsewhere) {
				if !strings.Contains(out.String(), "stage: "+line) {
					t.Errorf("the summary lacks %q", line)
				}
			}
		})
	}
}

// TestLacking checks that a search that ran out of time is a failure.
func TestLacking(t *testing.T) {
	for _, c := range []struct {
		err     error
		failed  int
		missing []string
	}{
		{errors.New("no python3\nno Docker"), 0, []string{"Envoy: no python3; no Docker"}},
		{fmt.Errorf("pip: %w", context.DeadlineExceeded), 1, nil},
		{errors.Join(errors.New("not on PATH"), fmt.Errorf("pip: %w", context.DeadlineExceeded)), 1, nil},
		{context.Canceled, 1, nil},
	} {
		if o := lacking("Envoy", c.err); o.Failed != c.failed || !slices.Equal(o.Missing, c.missing) {
			t.Errorf("%v: %+v", c.err, o)
		}
	}
}
