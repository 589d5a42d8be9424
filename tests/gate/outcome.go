package main

import (
	"fmt"
	"io"
	"time"
)

// outcome is what became of one stage.
type outcome struct {
	passed, failed int
	missing        []string // what could not run here, and why, a line each
}

// of is the outcome of a single check: nil passed.
func of(err error) outcome {
	if err != nil {
		return outcome{failed: 1}
	}
	return outcome{passed: 1}
}

// plus adds up two outcomes.
func (o outcome) plus(other outcome) outcome {
	return outcome{o.passed + other.passed, o.failed + other.failed, append(o.missing, other.missing...)}
}

// judge makes sure that nothing passes by having done nothing, and that in CI
// nothing is missing.
func (o *outcome) judge(ci bool) {
	if ci {
		o.failed += len(o.missing)
	}
	if o.passed+o.failed+len(o.missing) == 0 {
		o.failed, o.missing = 1, []string{"it ran nothing"}
	}
}

// line is the outcome in a few words.
func (o outcome) line() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.passed, o.failed, len(o.missing))
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

// result is a stage's outcome with its name and duration.
type result struct {
	name string
	took time.Duration
	outcome
}

// summarize prints what ran and what could not, and reports whether anything
// failed.
func summarize(out io.Writer, results []result) (failed bool) {
	var total outcome
	fmt.Fprintf(out, "\nWhat ran:\n")
	for _, r := range results {
		fmt.Fprintf(out, "  %-4s  %-30s %6d passed %4d failed  %s\n", r.mark(), r.name, r.passed, r.failed, r.took.Round(time.Second))
		total = total.plus(r.outcome)
	}
	fmt.Fprintf(out, "\nWhat could not run here:\n")
	for _, r := range results {
		for _, why := range r.missing {
			fmt.Fprintf(out, "  %s: %s\n", r.name, why)
		}
	}
	if len(total.missing) == 0 {
		fmt.Fprintln(out, "  nothing")
	}
	fmt.Fprintf(out, "\n%s\n", total.line())
	return total.failed > 0
}
