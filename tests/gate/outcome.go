package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// outcome is the result of one stage. What ran out of time failed, and is never among
// what is missing.
type outcome struct {
	passed, failed int
	reasons        []string // why something failed, a line each
	missing        []string // what could not run here, and why, a line each
	left           []string // what is left to .ci/run, a line each
}

// of is the outcome of a single check: nil passed.
func of(err error) outcome {
	if err != nil {
		return outcome{failed: 1, reasons: []string{oneLine(err)}}
	}
	return outcome{passed: 1}
}

// lacking is the outcome of a check for which something is missing here, unless the
// search for it ran out of time.
func lacking(what string, err error) outcome {
	if err = fmt.Errorf("%s: %w", what, err); errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return of(err)
	}
	return outcome{missing: []string{oneLine(err)}}
}

// oneLine is the text of an error on one line.
func oneLine(err error) string { return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") }

// plus adds up two outcomes.
func (o outcome) plus(other outcome) outcome {
	return outcome{
		o.passed + other.passed, o.failed + other.failed,
		append(o.reasons, other.reasons...), append(o.missing, other.missing...), append(o.left, other.left...),
	}
}

// judge makes sure that nothing passes by having done nothing, and that in CI
// nothing is missing or left.
func (o *outcome) judge(ci bool) {
	if ci {
		o.failed += len(o.missing) + len(o.left)
	}
	if o.passed+o.failed+len(o.missing)+len(o.left) == 0 {
		o.failed, o.reasons = 1, []string{"it ran nothing"}
	}
}

// line is the outcome in a few words.
func (o outcome) line() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.passed, o.failed, len(o.missing)+len(o.left))
}

// mark is the outcome in a word.
func (o outcome) mark() string {
	switch {
	case o.failed > 0:
		return "FAIL"
	case o.passed == 0:
		return "none"
	}
	return "ok"
}

// result is a stage's outcome with its name, duration and processor time.
type result struct {
	name      string
	took, cpu time.Duration
	outcome
}

// summarize prints what ran, what failed, what could not run and what is left to
// .ci/run, and reports whether anything failed.
func summarize(out io.Writer, results []result) (failed bool) {
	var total outcome
	var took, cpu time.Duration
	fmt.Fprintf(out, "\nWhat ran:\n")
	for _, r := range results {
		fmt.Fprintf(out, "  %-4s  %-30s %6d passed %4d failed  %8s  %8s of processor time\n",
			r.mark(), r.name, r.passed, r.failed, r.took.Round(time.Second), r.cpu.Round(time.Second))
		total, took, cpu = total.plus(r.outcome), took+r.took, cpu+r.cpu
	}
	fmt.Fprintf(out, "  %-60s  %8s  %8s of processor time\n", "together", took.Round(time.Second), cpu.Round(time.Second))
	list(out, "What failed", results, func(r result) []string { return r.reasons })
	list(out, "What could not run here", results, func(r result) []string { return r.missing })
	list(out, "What is left to .ci/run", results, func(r result) []string { return r.left })
	fmt.Fprintf(out, "\n%s\n", total.line())
	return total.failed > 0
}

// list prints lines of every stage below a title.
func list(out io.Writer, title string, results []result, lines func(result) []string) {
	fmt.Fprintf(out, "\n%s:\n", title)
	none := true
	for _, r := range results {
		for _, line := range lines(r) {
			fmt.Fprintf(out, "  %s: %s\n", r.name, line)
			none = false
		}
	}
	if none {
		fmt.Fprintln(out, "  nothing")
	}
}
