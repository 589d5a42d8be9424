package decisionlog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
)

// referenceLine is a line in the form of encoding/json, in the order of its fields.
type referenceLine struct {
	Time           time.Time         `json:"time"`
	Level          string            `json:"level"`
	Message        string            `json:"msg"`
	Decision       string            `json:"decision"`
	DecisionID     string            `json:"decisionId,omitempty"`
	DryRun         bool              `json:"dryRun,omitempty"`
	Reason         string            `json:"reason,omitempty"`
	RequestID      string            `json:"requestId,omitempty"`
	Registry       string            `json:"registry,omitempty"`
	Principal      string            `json:"principal,omitempty"`
	User           string            `json:"user,omitempty"`
	Source         string            `json:"source,omitempty"`
	Issuer         string            `json:"issuer,omitempty"`
	KeyID          string            `json:"keyId,omitempty"`
	ClientAddress  string            `json:"clientAddress,omitempty"`
	Method         string            `json:"method,omitempty"`
	Operation      string            `json:"operation,omitempty"`
	Repository     string            `json:"repository,omitempty"`
	Reference      string            `json:"reference,omitempty"`
	Actions        []referenceAction `json:"actions,omitempty"`
	Digest         string            `json:"digest"`
	LatencySeconds float64           `json:"latencySeconds"`
}

// referenceAction is one evaluated permission.
type referenceAction struct {
	Action     string               `json:"action"`
	Resource   string               `json:"resource"`
	Decision   string               `json:"decision"`
	Optional   bool                 `json:"optional,omitempty"`
	Statements []referenceStatement `json:"statements"`
}

// referenceStatement is a statement of a policy that applies.
type referenceStatement struct {
	Effect string `json:"effect"`
	Policy string `json:"policy"`
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line"`
}

// reference returns the line of a decision.
func reference(t testing.TB, r *authz.Result, latency time.Duration) []byte {
	t.Helper()
	cut := func(text string) string {
		if len(text) > 512 {
			return text[:512] + "…"
		}
		return text
	}
	line := referenceLine{
		r.Time, "INFO", "decision", r.Decision.String(), cut(r.ID), r.DryRun, cut(r.Reason), cut(r.RequestID), cut(r.Registry), cut(r.Principal),
		cut(r.User), cut(r.Source), cut(r.Issuer), cut(r.KeyID), cut(r.Client), cut(r.Method), cut(r.Operation), cut(r.Repository),
		cut(r.Reference), nil, r.Digest, latency.Seconds(),
	}
	for _, e := range r.Evaluations {
		statements := []referenceStatement{}
		for _, m := range e.Matched() {
			statements = append(statements, referenceStatement{m.Statement.Effect.String(), m.Policy.Source.String(), m.Statement.Sid, m.Statement.Start.Line})
		}
		line.Actions = append(line.Actions, referenceAction{e.Action, e.Resource, e.Decision.String(), e.Optional, statements})
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// checkLine compares the line of a decision with the reference.
func checkLine(t *testing.T, r *authz.Result, latency time.Duration) {
	t.Helper()
	if got, want := appendLine(nil, r, latency), reference(t, r, latency); !bytes.Equal(got, want) {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// FuzzLine compares lines with those of the reference. The text is in one field at a time.
func FuzzLine(f *testing.F) {
	for i, seed := range []string{
		"", "a", "\"\\/\b\f\n\r\t", "\x00\x1f\x7f", "<>&'", "é€\U0001F600", "\u2028\u2029\ufffd", "\xff", "\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		strings.Repeat("x", 512), strings.Repeat("x", 513), strings.Repeat("é", 300), strings.Repeat("x", 511) + "é", strings.Repeat("x", 510) + "\u2028",
	} {
		f.Add(seed, uint8(i), uint8(i), int64(i), int64(1)<<(4*i))
	}
	f.Fuzz(func(t *testing.T, text string, field, numbers uint8, nanoseconds, latency int64) {
		r := &authz.Result{Time: time.Unix(nanoseconds%1e10, nanoseconds), Decision: authz.Outcome(numbers % 6), DryRun: numbers%5 == 0}
		fields := []*string{
			&r.ID, &r.Reason, &r.RequestID, &r.Registry, &r.Principal, &r.User, &r.Source, &r.Issuer, &r.KeyID, &r.Client, &r.Method,
			&r.Operation, &r.Repository, &r.Reference, &r.Digest,
		}
		e := authz.Evaluation{Action: "ecr:PutImage", Optional: numbers%2 == 0, Decision: iam.Decision(numbers % 3)}
		s, p := &iam.Statement{Effect: iam.Effect(numbers % 2)}, &iam.Policy{Source: diag.Source{File: "managed/a.json"}}
		fields = append(fields, &e.Action, &e.Resource, &s.Sid, &p.Source.File, &p.Source.Element)
		s.Start.Line = int(numbers)
		*fields[int(field)%len(fields)] = text
		for i := range int(numbers % 4) {
			e.Reason = &decision.Reason{Matched: make([]iam.Match, i)}
			for j := range e.Reason.Matched {
				e.Reason.Matched[j] = iam.Match{Policy: p, Statement: s}
			}
			if r.Evaluations = append(r.Evaluations, e); i == 2 {
				r.Evaluations[0].Reason = nil
			}
		}
		checkLine(t, r, time.Duration(latency))
	})
}

// TestLineOfAZeroTime checks that a decision without a time has the current one.
func TestLineOfAZeroTime(t *testing.T) {
	before := time.Now()
	var line referenceLine
	if err := json.Unmarshal(appendLine(nil, &authz.Result{}, 0), &line); err != nil {
		t.Fatal(err)
	}
	if line.Time.Before(before.Truncate(0)) || time.Since(line.Time) > time.Minute {
		t.Errorf("the time is %v", line.Time)
	}
}

// TestReferenceIsComplete checks that the reference has each text of a result, so that a new one
// is logged or left out on purpose.
func TestReferenceIsComplete(t *testing.T) {
	known := "ID Reason RequestID Registry Principal User Source Issuer KeyID Client Method Operation Repository Reference Digest"
	for _, field := range reflect.VisibleFields(reflect.TypeFor[authz.Result]()) {
		if field.Type.Kind() == reflect.String && !strings.Contains(" "+known+" ", " "+field.Name+" ") {
			t.Errorf("field %s of a result is not in the reference", field.Name)
		}
	}
}

// TestLineAllocatesNothing checks that encoding a line into sufficient memory needs no allocation.
func TestLineAllocatesNothing(t *testing.T) {
	r := checker(t).Check(t.Context(), request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")))
	line := appendLine(nil, r, time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { line = appendLine(line[:0], r, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations for a line", n)
	}
}
