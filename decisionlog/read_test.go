package decisionlog

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"extauthz/authz"
	"extauthz/iam"
)

// readAll returns the decisions of a log and the reader at its end.
func readAll(t *testing.T, log string) ([]*Entry, *Reader) {
	t.Helper()
	r := NewReader("log", strings.NewReader(log))
	var all []*Entry
	for r.Next() {
		all = append(all, r.Entry())
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return all, r
}

const sampleLine = `{"time":"2026-05-06T07:08:09Z","level":"INFO","msg":"decision","decision":"allowed","decisionId":"3w5e","digest":"d","latencySeconds":0.5}`

// TestRead checks that decisions are read and that other lines are counted and reported.
func TestRead(t *testing.T) {
	const process = `{"time":"2026-05-06T07:08:09Z","level":"INFO","msg":"policy directory in force","dir":"policies"}`
	for _, c := range []struct {
		name, log string
		counts    Counts
		problem   string // of the only bad line
	}{
		{"empty", "", Counts{}, ""},
		{"one decision", sampleLine + "\n", Counts{Decisions: 1}, ""},
		{"without the last line feed", sampleLine, Counts{Decisions: 1}, ""},
		{"with the line ends of Windows", sampleLine + "\r\n" + sampleLine + "\r\n", Counts{Decisions: 2}, ""},
		{"empty lines", "\n" + sampleLine + "\n\n \n" + sampleLine + "\n", Counts{Decisions: 2}, ""},
		{"an unknown member", strings.Replace(sampleLine, `"level"`, `"later":{"a":[1]},"level"`, 1) + "\n", Counts{Decisions: 1}, ""},
		{"a line of the process log", process + "\n" + sampleLine + "\n", Counts{Decisions: 1, Foreign: 1}, "log:1: the line is JSON, but not a decision"},
		{"other JSON", sampleLine + "\n[1]\n", Counts{Decisions: 1, Foreign: 1}, "log:2: the line is JSON, but not a decision"},
		{"text", "panic: fault\n" + sampleLine + "\n", Counts{Decisions: 1, Broken: 1}, "log:1: the line is not a decision"},
		{"a torn line", sampleLine[:50] + "\n" + sampleLine + "\n", Counts{Decisions: 1, Broken: 1}, "log:1: the line is not a decision"},
		{"two lines in one", sampleLine + sampleLine + "\n", Counts{Broken: 1}, "log:1: the line is not a decision"},
		{"a truncated log", sampleLine + "\n" + sampleLine[:50], Counts{Decisions: 1, Truncated: 1}, "log:2: the last line is incomplete"},
		{"a long line", strings.Repeat("x", 3*maxLine) + "\n" + sampleLine + "\n", Counts{Decisions: 1, TooLong: 1}, "log:1: the line is longer than 1 MiB"},
		{"a long last line", sampleLine + "\n" + strings.Repeat("x", 2*maxLine), Counts{Decisions: 1, TooLong: 1}, "log:2: the line is longer than 1 MiB"},
		{"the longest line", strings.Replace(sampleLine, "3w5e", strings.Repeat("x", maxLine-len(sampleLine)+3), 1) + "\n", Counts{Decisions: 1}, ""},
		{"no time", strings.Replace(sampleLine, `"time"`, `"Time"`, 1) + "\n", Counts{Broken: 1}, "the decision has no time"},
		{"no decision", strings.Replace(sampleLine, `"decision":"allowed",`, "", 1) + "\n", Counts{Broken: 1}, "the decision has no decision"},
		{"no digest", strings.Replace(sampleLine, `"digest":"d",`, "", 1) + "\n", Counts{Broken: 1}, "the decision has no digest"},
		{"a repeated member", strings.Replace(sampleLine, `"digest":"d"`, `"digest":"d","digest":"e"`, 1) + "\n", Counts{Broken: 1}, "duplicate"},
		{"an unknown decision", strings.Replace(sampleLine, "allowed", "Allowed", 1) + "\n", Counts{Broken: 1}, `"Allowed" is not the outcome of a request`},
		{"a time that is not one", strings.Replace(sampleLine, "05-06", "05-32", 1) + "\n", Counts{Broken: 1}, "the line is not a decision"},
		{"a number as a name", strings.Replace(sampleLine, `"3w5e"`, "5", 1) + "\n", Counts{Broken: 1}, "the line is not a decision"},
		{"bytes that are not UTF-8", strings.Replace(sampleLine, "3w5e", "\xff", 1) + "\n", Counts{Broken: 1}, "the line is not a decision"},
		{"a permission without a resource", strings.Replace(sampleLine, `"level"`, `"actions":[{"action":"ecr:PutImage","decision":"allowed"}],"level"`, 1) + "\n", Counts{Broken: 1}, "a permission has no action or no resource"},
		{"an unknown decision on a permission", strings.Replace(sampleLine, `"level"`, `"actions":[{"action":"ecr:PutImage","resource":"*","decision":"yes"}],"level"`, 1) + "\n", Counts{Broken: 1}, `"yes" is not a decision`},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, r := readAll(t, c.log)
			if r.Counts() != c.counts || len(all) != c.counts.Decisions {
				t.Errorf("%d decisions, counts %+v, want %+v", len(all), r.Counts(), c.counts)
			}
			bad := r.BadLines()
			if len(bad) != c.counts.Bad() || len(bad) > 0 && !strings.Contains(bad[0].Error(), c.problem) {
				t.Errorf("reported %q, want %q", bad, c.problem)
			}
			for _, d := range bad {
				if strings.Contains(d.Error(), "xxx") {
					t.Errorf("the report repeats the line: %.100s", d.Error())
				}
			}
		})
	}
}

// TestReadLines checks that entries have the numbers of their lines.
func TestReadLines(t *testing.T) {
	all, r := readAll(t, "{}\n"+sampleLine+"\n\nx\n"+sampleLine)
	if len(all) != 2 || all[0].Line != 2 || all[1].Line != 5 || r.Counts() != (Counts{Decisions: 2, Foreign: 1, Broken: 1}) {
		t.Errorf("entries %+v, counts %+v", all, r.Counts())
	}
}

// TestReadManyBadLines checks that of many bad lines all are counted and the first reported.
func TestReadManyBadLines(t *testing.T) {
	_, r := readAll(t, strings.Repeat("x\n", 20_000)+sampleLine+"\n")
	if bad := r.BadLines(); r.Counts() != (Counts{Decisions: 1, Broken: 20_000}) || len(bad) != 101 || bad[0].Point.Line != 1 || bad[99].Point.Line != 100 {
		t.Errorf("counts %+v, %d reported", r.Counts(), len(bad))
	}
}

// TestReadError checks that an error while reading is not the end of the log.
func TestReadError(t *testing.T) {
	fault := errors.New("the disk is gone")
	r := NewReader("log", io.MultiReader(strings.NewReader(sampleLine+"\n"+sampleLine[:20]), iotest.ErrReader(fault)))
	if !r.Next() || r.Next() || !errors.Is(r.Err(), fault) || r.Counts() != (Counts{Decisions: 1}) {
		t.Errorf("error %v, counts %+v", r.Err(), r.Counts())
	}
}

// TestReadWritten checks that every field that the log writes can be read.
func TestReadWritten(t *testing.T) {
	for _, c := range fieldCases(t) {
		t.Run(c.name, func(t *testing.T) {
			result := c.decide(t)
			line := appendLine(nil, result, 1500*time.Microsecond)
			all, _ := readAll(t, string(line))
			if len(all) != 1 {
				t.Fatalf("%s is not a decision", line)
			}
			e := all[0]
			got := []any{e.Decision, e.DecisionID, e.DryRun, e.Reason, e.RequestID, e.Registry, e.Principal, e.User, e.Source, e.Issuer, e.KeyID, e.IssuedTo, e.IssuedKeyID, e.ClientAddress, e.Method, e.Operation, e.Repository, e.Reference, e.Digest, e.Latency, e.Time}
			want := []any{result.Decision, result.ID, result.DryRun, result.Reason, result.RequestID, result.Registry, result.Principal, result.User, result.Source, result.Issuer, result.KeyID, result.IssuedTo, result.IssuedKeyID, result.Client, result.Method, result.Operation, result.Repository, result.Reference, result.Digest, 0.0015, result.Time}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read\n%v\nof\n%v", got, want)
			}
			var actions []Action
			for i := range result.Evaluations {
				actions = append(actions, actionOf(&result.Evaluations[i]))
			}
			if !reflect.DeepEqual(e.Actions, actions) {
				t.Errorf("read\n%+v\nof\n%+v", e.Actions, actions)
			}
		})
	}
}

// actionOf returns what a line contains of an evaluation.
func actionOf(e *authz.Evaluation) Action {
	a := Action{Action: e.Action, Resource: e.Resource, Decision: e.Decision, Optional: e.Optional, Statements: []Statement{}}
	for _, m := range e.Matched() {
		a.Statements = append(a.Statements, Statement{m.Statement.Effect.String(), m.Policy.Source.String(), m.Statement.Sid, int(m.Statement.Start.Line)})
	}
	return a
}

// TestNamesOfDecisions checks that the name of each decision is parsed as that decision.
func TestNamesOfDecisions(t *testing.T) {
	for outcome := authz.Refused; outcome <= authz.Allowed; outcome++ {
		var got authz.Outcome
		if err := got.UnmarshalText([]byte(outcome.String())); err != nil || got != outcome {
			t.Errorf("%s is parsed as %s, %v", outcome, got, err)
		}
	}
	for d := iam.ImplicitDeny; d <= iam.Allowed; d++ {
		var got iam.Decision
		if err := got.UnmarshalText([]byte(d.String())); err != nil || got != d {
			t.Errorf("%s is parsed as %s, %v", d, got, err)
		}
	}
}

// FuzzRead checks that each line that is not empty is counted once, whatever it contains.
func FuzzRead(f *testing.F) {
	f.Add([]byte(sampleLine + "\n{}\nx\n"))
	f.Add([]byte(sampleLine[:70]))
	f.Fuzz(func(t *testing.T, log []byte) {
		r := NewReader("log", bytes.NewReader(log))
		n, last := 0, 0
		for r.Next() {
			if n++; r.Entry().Line <= last {
				t.Fatalf("line %d after %d", r.Entry().Line, last)
			}
			last = r.Entry().Line
		}
		lines := 0
		for line := range bytes.SplitSeq(log, []byte("\n")) {
			if len(bytes.TrimSpace(line)) > 0 {
				lines++
			}
		}
		if r.Err() != nil || n != r.Counts().Decisions || n+r.Counts().Bad() != lines {
			t.Errorf("%d decisions, counts %+v, %d lines, error %v", n, r.Counts(), lines, r.Err())
		}
	})
}
