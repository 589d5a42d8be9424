package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestLines checks that each line of input has a line of output with its Id, in order,
// even if the input is not valid.
func TestLines(t *testing.T) {
	good := with(fields{"PolicyInputList": []string{allowAll}, "Id": "good <1>"}).text(t)
	lines := []struct{ in, want string }{
		{good, `{"Id":"good `},
		{`{"Id":7,"ActionNames":["ecr:PutImage"]}`, `{"Id":7,"EvaluationResults":[{"EvalActionName":"ecr:PutImage","EvalResourceName":"*","EvalDecision":"implicitDeny"`},
		{`{"ActionNames":["ecr:PutImage"]}`, `{"EvaluationResults":[{`},
		{`{"ActionNames":[],"Id":{"n":1}}`, `{"Id":{"n":1},"Error":"in:4:1: ActionNames is missing`},
		{``, `{"Error":"in:5:1: not JSON: `},
		{`nonsense`, `{"Error":"in:6:2: not JSON`},
		{`{"Id":"a","Unknown":1}`, `{"Id":"a","Error":"in:7:11: unknown field`},
		{strings.Repeat(" ", maxLine) + good, `{"Error":"in:8:1: the line is longer than 16 MiB`},
		{`{"Unknown":[{}],"Unknown":1,"ResourceArns":["x",{"y":1}],"Id":"a"}`, `{"Id":"a","Error":"in:9:2: unknown field \"Unknown\"; use the names of SimulateCustomPolicy, in the same case\n` +
			`in:9:17: \"Unknown\" occurs twice; keep one of the two\nin:9:45: \"x\" is not a resource: `},
		{good + "\r", `{"Id":"good `},
		{good, `{"Id":"good `},
	}
	var in []string
	for _, l := range lines {
		in = append(in, l.in)
	}
	for _, end := range []string{"", "\n"} {
		var out strings.Builder
		if err := new(Simulator).Lines("in", strings.NewReader(strings.Join(in, "\n")+end), &out); err != nil {
			t.Fatal(err)
		}
		got := strings.SplitAfter(out.String(), "\n")
		if len(got) != len(lines)+1 || got[len(lines)] != "" {
			t.Fatalf("%d lines, want %d", len(got)-1, len(lines))
		}
		for i, l := range lines {
			if !strings.HasPrefix(got[i], l.want) || !json.Valid([]byte(got[i])) || strings.Contains(got[i], `"Error"`) == strings.Contains(got[i], `"EvaluationResults"`) {
				t.Errorf("line %d is %.300s, want %s", i+1, got[i], l.want)
			}
		}
	}
	if err := new(Simulator).Lines("in", strings.NewReader(""), io.Discard); err != nil {
		t.Error(err)
	}
}

// TestLinesFlushes checks that Lines writes each result before it waits for the next
// input.
func TestLinesFlushes(t *testing.T) {
	from, to := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- new(Simulator).Lines("in", from, out)
		out.Close()
	}()
	lines := json.NewDecoder(answers)
	for i := range 3 {
		if _, err := fmt.Fprintf(to, "{\"Id\":%d,\"ActionNames\":[\"a:b\"]}\n", i); err != nil {
			t.Fatal(err)
		}
		var answer struct{ ID int }
		if err := lines.Decode(&answer); err != nil || answer.ID != i {
			t.Fatalf("answer %v, error %v", answer, err)
		}
	}
	to.Close()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Minute):
		t.Error("Lines does not end with its input")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }
func (failing) Read([]byte) (int, error)  { return 0, errors.New("connection lost") }

func TestLinesFails(t *testing.T) {
	if err := new(Simulator).Lines("in", strings.NewReader("{}\n"), failing{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("writing fails with %v", err)
	}
	if err := new(Simulator).Lines("in", failing{}, io.Discard); err == nil || !strings.Contains(err.Error(), "connection lost") {
		t.Errorf("reading fails with %v", err)
	}
}

// TestCompiledOnce checks that each policy is compiled once for its kind, ID and text,
// and that the size of the cache is limited.
func TestCompiledOnce(t *testing.T) {
	s := new(Simulator)
	read := func(f fields) *Evaluation {
		t.Helper()
		simulation, err := s.Read("in", []byte(with(f).text(t)))
		if err != nil {
			t.Fatal(err)
		}
		return &simulation.Evaluations[0]
	}
	first := read(fields{"PolicyInputList": []string{allowAll}, "SessionPolicyInputList": []string{allowAll}})
	second := read(fields{"PolicyInputList": []string{allowAll}})
	if first.Policies.Identity[0] != second.Policies.Identity[0] || first.Policies.Identity[0] == first.Policies.Session[0] {
		t.Error("policies are not cached by kind, ID and text")
	}
	s.compiler.size = maxCached
	read(fields{"PolicyInputList": []string{denyAll}})
	if n := len(s.compiler.policies); n != 3 || s.compiler.size != maxCached+len(denyAll) {
		t.Errorf("%d policies of %d bytes in the cache", n, s.compiler.size)
	}
	read(fields{"PolicyInputList": []string{allowPush}})
	if n := len(s.compiler.policies); n != 1 || s.compiler.size != len(allowPush) {
		t.Errorf("%d policies of %d bytes in the cache", n, s.compiler.size)
	}
}

// BenchmarkLines reads simple inputs with the same policies.
func BenchmarkLines(b *testing.B) {
	line := with(fields{"Id": 1, "PolicyInputList": []string{allowPush, allowAll}, "CallerArn": alice, "ResourcePolicy": granting(`{"AWS":"` + alice + `"}`),
		"ContextEntries": entry("aws:SourceIp", "ip", "192.0.2.7")}).text(b) + "\n"
	lines := bytes.Repeat([]byte(line), 100)
	s := new(Simulator)
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for n := 0; b.Loop(); n++ {
		if n%100 == 0 {
			if err := s.Lines("in", bytes.NewReader(lines), io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
}
