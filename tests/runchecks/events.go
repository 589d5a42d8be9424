package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"extauthz/tests/prerequisite"
)

// event is a line of `go test -json`; see go doc test2json and go help buildjson.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// events is a writer that reads the output of `go test -json`, prints failures and one line
// for each package, and counts.
type events struct {
	outcome outcome
	out     io.Writer
	rest    []byte              // the begin of a line
	tests   map[string]outcome  // by package
	output  map[string][]string // of tests and packages that have not ended
}

func newEvents(out io.Writer) *events {
	return &events{out: out, tests: map[string]outcome{}, output: map[string][]string{}}
}

// Write takes any part of the output.
func (e *events) Write(p []byte) (int, error) {
	e.rest = append(e.rest, p...)
	for {
		line, rest, whole := bytes.Cut(e.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		e.read(line)
		e.rest = rest
	}
}

// read takes one line. A line that is not an event is printed unchanged.
func (e *events) read(line []byte) {
	var v event
	if json.Unmarshal(line, &v) != nil {
		fmt.Fprintf(e.out, "%s\n", line)
		return
	}
	key := v.Package + " " + v.Test
	switch {
	case v.Action == "build-output":
		fmt.Fprint(e.out, v.Output)
	case v.Action == "output":
		e.output[key] = append(e.output[key], v.Output)
	case v.Test != "":
		e.test(v, key)
	default:
		e.pkg(v, key)
	}
}

// test counts a test that has ended.
func (e *events) test(v event, key string) {
	var o outcome
	switch v.Action {
	case "pass":
		o.Passed = 1
	case "fail":
		o.Failed = 1
		if !e.subtestFailed(v) {
			o.Reasons = []string{v.Package + " " + v.Test}
		}
		fmt.Fprintf(e.out, "FAIL %s %s\n%s", v.Package, v.Test, strings.Join(e.output[key], ""))
	case "skip":
		o = skipped(v.Package+" "+v.Test, e.skipReason(key))
	default:
		return
	}
	delete(e.output, key)
	e.outcome, e.tests[v.Package] = e.outcome.plus(o), e.tests[v.Package].plus(o)
}

// skipped returns the outcome of a test that was skipped for a reason.
func skipped(test, reason string) outcome {
	line := test + ": " + reason
	if _, why, left := strings.Cut(reason, prerequisite.LeftToCI); left {
		return outcome{Left: []string{test + ": " + why}}
	}
	if strings.Contains(reason, prerequisite.LeftToBench) {
		return outcome{Elsewhere: []string{line}}
	}
	return outcome{Missing: []string{line}}
}

// subtestFailed reports whether a subtest of the test failed. Then the name of the subtest
// is reason enough.
func (e *events) subtestFailed(v event) bool {
	return slices.ContainsFunc(e.outcome.Reasons, func(reason string) bool {
		return strings.HasPrefix(reason, v.Package+" "+v.Test+"/")
	})
}

// pkg reports a package that has ended. If it failed and none of its tests did, it did not
// build or it ended early.
func (e *events) pkg(v event, key string) {
	switch v.Action {
	case "pass":
		fmt.Fprintf(e.out, "ok   %-28s %5d passed  %.1fs\n", v.Package, e.tests[v.Package].Passed, v.Elapsed)
	case "fail":
		if late := e.timeout(key); late != "" {
			fmt.Fprintf(e.out, "FAIL %s: %s\n", v.Package, late)
			e.outcome = e.outcome.plus(outcome{Failed: 1, Reasons: []string{v.Package + ": " + late}})
			return
		}
		fmt.Fprintf(e.out, "FAIL %s\n", v.Package)
		for _, open := range e.open(key) {
			fmt.Fprint(e.out, strings.Join(e.output[open], ""))
		}
		if e.tests[v.Package].Failed == 0 {
			e.outcome = e.outcome.plus(outcome{Failed: 1, Reasons: []string{v.Package + " did not build, or ended early"}})
		}
	}
}

// open returns the keys of the package and of its tests that have not ended.
func (e *events) open(key string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e.output)), func(k string) bool { return !strings.HasPrefix(k, key) })
}

// timedOut matches what package testing prints of a binary that ran out of time, before the
// stacks of all goroutines. The last test in its list is the innermost that runs.
var timedOut = regexp.MustCompile(`panic: test timed out after (\S+)\n(?:\trunning tests:\n(?:\t\t(.*)\n)*)?`)

// timeout returns one line about a package that ran out of time, or "".
func (e *events) timeout(key string) string {
	for _, open := range e.open(key) {
		if found := timedOut.FindStringSubmatch(strings.Join(e.output[open], "")); found != nil {
			return strings.TrimSpace("ran out of time after " + found[1] + " in " + found[2])
		}
	}
	return ""
}

// skipReason returns the line that a skipped test passed to t.Skip.
func (e *events) skipReason(key string) string {
	for _, line := range e.output[key] {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return line
		}
	}
	return "no reason given"
}
