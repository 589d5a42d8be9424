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

	"extauthz/tests/needed"
)

// event is a line of `go test -json`; see go doc test2json and go help
// buildjson.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// events reads the output of `go test -json`, tells what people need to see of
// it, and counts.
type events struct {
	out     io.Writer
	line    []byte
	counted outcome
	tests   map[string]outcome  // by package
	output  map[string][]string // what a test or package wrote, until it has ended
}

func newEvents(out io.Writer) *events {
	return &events{out: out, tests: map[string]outcome{}, output: map[string][]string{}}
}

// Write takes any piece of the output.
func (e *events) Write(p []byte) (int, error) {
	e.line = append(e.line, p...)
	for {
		line, rest, whole := bytes.Cut(e.line, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		e.read(line)
		e.line = rest
	}
}

// outcome is the count at the end.
func (e *events) outcome() outcome { return e.counted }

// read takes one line. What is no event is for people.
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
		o.passed = 1
	case "fail":
		o.failed = 1
		if !e.failedBelow(v) {
			o.reasons = []string{v.Package + " " + v.Test}
		}
		fmt.Fprintf(e.out, "FAIL %s %s\n%s", v.Package, v.Test, strings.Join(e.output[key], ""))
	case "skip":
		line := fmt.Sprintf("%s %s: %s", v.Package, v.Test, e.reason(key))
		if _, why, left := strings.Cut(line, needed.LeftToCI); left {
			o.left = []string{fmt.Sprintf("%s %s: %s", v.Package, v.Test, why)}
		} else {
			o.missing = []string{line}
		}
	default:
		return
	}
	delete(e.output, key)
	e.counted, e.tests[v.Package] = e.counted.plus(o), e.tests[v.Package].plus(o)
}

// failedBelow reports whether a subtest of the test failed, which says more.
func (e *events) failedBelow(v event) bool {
	return slices.ContainsFunc(e.counted.reasons, func(reason string) bool {
		return strings.HasPrefix(reason, v.Package+" "+v.Test+"/")
	})
}

// pkg tells of a package that has ended. One that failed without a failed test
// did not build, or ended early.
func (e *events) pkg(v event, key string) {
	switch v.Action {
	case "pass":
		fmt.Fprintf(e.out, "ok   %-28s %5d passed  %.1fs\n", v.Package, e.tests[v.Package].passed, v.Elapsed)
	case "fail":
		if late := e.late(key); late != "" {
			fmt.Fprintf(e.out, "FAIL %s: %s\n", v.Package, late)
			e.counted = e.counted.plus(outcome{failed: 1, reasons: []string{v.Package + ": " + late}})
			return
		}
		fmt.Fprintf(e.out, "FAIL %s\n", v.Package)
		for _, open := range slices.Sorted(maps.Keys(e.output)) { // its own, and of tests that never ended
			if strings.HasPrefix(open, key) {
				fmt.Fprint(e.out, strings.Join(e.output[open], ""))
			}
		}
		if e.tests[v.Package].failed == 0 {
			e.counted = e.counted.plus(outcome{failed: 1, reasons: []string{v.Package + " did not build, or ended early"}})
		}
	}
}

// timedOut is what package testing prints of a binary that ran out of time, before the
// stacks of all goroutines; the last test in its list is the innermost that runs.
var timedOut = regexp.MustCompile(`panic: test timed out after (\S+)\n(?:\trunning tests:\n(?:\t\t(.*)\n)*)?`)

// late says in one line that a package ran out of time; "" if it did not.
func (e *events) late(key string) string {
	for _, open := range slices.Sorted(maps.Keys(e.output)) {
		if !strings.HasPrefix(open, key) {
			continue
		}
		if found := timedOut.FindStringSubmatch(strings.Join(e.output[open], "")); found != nil {
			return strings.TrimSpace("ran out of time after " + found[1] + " in " + found[2])
		}
	}
	return ""
}

// reason is what a skipped test says of itself: the line from t.Skip.
func (e *events) reason(key string) string {
	for _, line := range e.output[key] {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return line
		}
	}
	return "no reason given"
}
