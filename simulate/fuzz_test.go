package simulate

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/diag"
)

// naive is the input as encoding/json reads it, as a reference for accepted inputs.
type naive struct {
	ActionNames, ResourceArns, PolicyInputList []string
	ContextEntries                             []struct {
		ContextKeyName, ContextKeyType string
		ContextKeyValues               []string
	}
}

// FuzzInput checks that no input makes Read panic. Errors are one line with a position in
// the text. Accepted inputs have the actions and resources that encoding/json reads, with
// one result for each pair.
func FuzzInput(f *testing.F) {
	for _, list := range [][]invalid{malformed(), misused(), invalidEntries()} {
		for _, c := range list {
			f.Add([]byte(c.text))
		}
	}
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := new(Simulator).Read("in", text)
		if err != nil {
			checkError(t, err, text)
			return
		}
		var want naive
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("accepted an invalid input: %v", err)
		}
		if n := len(want.ActionNames) * max(1, len(want.ResourceArns)); len(s.Evaluations) != n || n == 0 {
			t.Fatalf("%d evaluations, want %d", len(s.Evaluations), n)
		}
		r := Simulate(s.ID, s.Evaluations)
		for i, e := range r.EvaluationResults {
			q := s.Evaluations[i]
			if e.EvalActionName != want.ActionNames[i/max(1, len(want.ResourceArns))] || len(q.Request.Context) != len(want.ContextEntries) || len(q.Policies.Identity) != len(want.PolicyInputList) {
				t.Fatalf("result %d is %+v of %+v", i, e, want)
			}
			if e.EvalDecision != q.Policies.Evaluate(&q.Request).String() {
				t.Fatalf("result %d says %s", i, e.EvalDecision)
			}
			if err := q.Explain(new(strings.Builder)); err != nil {
				t.Fatal(err)
			}
		}
		if !json.Valid([]byte(r.String())) {
			t.Fatalf("the output is not JSON: %s", r)
		}
	})
}

func checkError(t *testing.T, err error, text []byte) {
	t.Helper()
	lines := bytes.Split(text, []byte("\n"))
	for _, d := range diag.Of(err) {
		if strings.ContainsAny(d.Error(), "\n\r") {
			t.Fatalf("invalid with %T %q", err, err)
		}
		if at := d.InFile(); at.Line < 1 || int(at.Line) > len(lines) || at.Column < 1 || int(at.Column) > len(lines[at.Line-1])+1 {
			t.Fatalf("invalid at %v, which is not in the text: %v", d.Position, d)
		}
	}
}
