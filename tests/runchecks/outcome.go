package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// outcome is what a stage found. The process of a stage writes it as JSON. A check that ran
// out of time failed: it is never among those that are missing.
type outcome struct {
	Passed, Failed int
	Reasons        []string // why something failed, a line each
	Missing        []string // what could not run here and why, a line each
	Left           []string // what is left to .ci/run, a line each
	Elsewhere      []string // what only another target of the Makefile runs, a line each
}

// of returns the outcome of a single check, which passed if err is nil.
func of(err error) outcome {
	if err != nil {
		return outcome{Failed: 1, Reasons: []string{oneLine(err)}}
	}
	return outcome{Passed: 1}
}

// lacking returns the outcome of a check that needs something that is missing here. If the
// search for it ran out of time, the check failed.
func lacking(what string, err error) outcome {
	if err = fmt.Errorf("%s: %w", what, err); errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return of(err)
	}
	return outcome{Missing: []string{oneLine(err)}}
}

// oneLine returns the text of an error on one line.
func oneLine(err error) string { return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") }

// plus returns the sum of two outcomes.
func (o outcome) plus(other outcome) outcome {
	return outcome{
		o.Passed + other.Passed, o.Failed + other.Failed,
		append(o.Reasons, other.Reasons...), append(o.Missing, other.Missing...), append(o.Left, other.Left...),
		append(o.Elsewhere, other.Elsewhere...),
	}
}

// judge makes a stage fail that ran nothing, and in CI one for which something is missing
// or left.
func (o *outcome) judge(ci bool) {
	if ci {
		o.Failed += len(o.Missing) + len(o.Left)
	}
	if o.Passed+o.Failed+len(o.Missing)+len(o.Left) == 0 {
		o.Failed, o.Reasons = 1, []string{"it ran nothing"}
	}
}

// line returns the numbers of the outcome. What only another target runs is not among those that
// were skipped.
func (o outcome) line() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.Passed, o.Failed, len(o.Missing)+len(o.Left))
}

// word returns the outcome in a word.
func (o outcome) word() string {
	switch {
	case o.Failed > 0:
		return "FAIL"
	case o.Passed == 0:
		return "none"
	}
	return "ok"
}

// summarize prints what ran, what failed, what could not run and what is left to .ci/run or to
// another target, and reports whether anything failed. Stages run next to each other, so all of
// them took less time than their sum.
func summarize(out io.Writer, results []result, took time.Duration) (failed bool) {
	var total outcome
	var cpu time.Duration
	fmt.Fprintf(out, "\nWhat ran:\n")
	for _, r := range results {
		fmt.Fprintf(out, "  %-4s  %-30s %6d passed %4d failed  %8s  %8s of processor time\n",
			r.word(), r.name, r.Passed, r.Failed, r.took.Round(time.Second), r.cpu.Round(time.Second))
		total, cpu = total.plus(r.outcome), cpu+r.cpu
	}
	fmt.Fprintf(out, "  %-60s  %8s  %8s of processor time\n", "all stages", took.Round(time.Second), cpu.Round(time.Second))
	list(out, "What failed", results, func(r result) []string { return r.Reasons })
	list(out, "What could not run here", results, func(r result) []string { return r.Missing })
	list(out, "What is left to .ci/run", results, func(r result) []string { return r.Left })
	list(out, "What only another target runs", results, func(r result) []string { return r.Elsewhere })
	fmt.Fprintf(out, "\n%s\n", total.line())
	return total.Failed > 0
}

// list prints lines of every stage below a title.
func list(out io.Writer, title string, results []result, lines func(result) []string) {
	fmt.Fprintf(out, "\n%s:\n", title)
	empty := true
	for _, r := range results {
		for _, line := range lines(r) {
			fmt.Fprintf(out, "  %s: %s\n", r.name, line)
			empty = false
		}
	}
	if empty {
		fmt.Fprintln(out, "  nothing")
	}
}
