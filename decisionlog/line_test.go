package decisionlog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
)

// referenceLine is a line in the form of encoding/json, in the order of its fields.
type referenceLine struct {
	Time          time.Time         `json:"time"`
	Level         string            `json:"level"`
	Message       string            `json:"msg"`
	Version       int               `json:"version"`
	Decision      string            `json:"decision"`
	DecisionID    string            `json:"decisionId,omitempty"`
	DryRun        bool              `json:"dryRun,omitempty"`
	Reason        string            `json:"reason,omitempty"`
	RequestID     string            `json:"requestId,omitempty"`
	Registry      string            `json:"registry,omitempty"`
	Principal     string            `json:"principal,omitempty"`
	User          string            `json:"user,omitempty"`
	Source        string            `json:"source,omitempty"`
	Issuer        string            `json:"issuer,omitempty"`
	KeyID         string            `json:"keyId,omitempty"`
	IssuedTo      string            `json:"issuedTo,omitempty"`
	IssuedKeyID   string            `json:"issuedKeyId,omitempty"`
	ClientAddress string            `json:"clientAddress,omitempty"`
	Method        string            `json:"method,omitempty"`
	Operation     string            `json:"operation,omitempty"`
	Repository    string            `json:"repository,omitempty"`
	Reference     string            `json:"reference,omitempty"`
	Actions       []referenceAction `json:"actions,omitempty"`

	Tags            []string         `json:"tags,omitempty"`
	MountFrom       string           `json:"mountFrom,omitempty"`
	EmptyBody       bool             `json:"emptyBody,omitempty"`
	Context         referenceContext `json:"context,omitempty"`
	FederatedBy     string           `json:"federatedBy,omitempty"`
	SessionPolicies []string         `json:"sessionPolicies,omitempty"`
	Omitted         []string         `json:"omitted,omitempty"`

	Digest         string  `json:"digest"`
	LatencySeconds float64 `json:"latencySeconds"`
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
		r.Time, "INFO", "decision", 1, r.Decision.String(), cut(r.ID), r.DryRun, cut(r.Reason), cut(r.RequestID), cut(r.Registry), cut(r.Principal),
		cut(r.User), cut(r.Source), cut(r.Issuer), cut(r.KeyID), cut(r.IssuedTo), cut(r.IssuedKeyID), cut(r.Client), cut(r.Method), cut(r.Operation), cut(r.Repository),
		cut(r.Reference), nil, nil, "", false, nil, "", nil, nil, r.Digest, latency.Seconds(),
	}
	if r.Operation != "" && r.Registry != "" {
		addFacts(&line, r)
	}
	for _, e := range r.Evaluations {
		statements := []referenceStatement{}
		for _, m := range e.Matched() {
			statements = append(statements, referenceStatement{m.Statement.Effect.String(), m.Policy.Source.String(), m.Statement.Sid, int(m.Statement.Start.Line)})
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

// addFacts adds to a line what else determined the decision.
func addFacts(line *referenceLine, r *authz.Result) {
	f := r.Facts
	omit := func(condition bool, name string) bool {
		if condition {
			line.Omitted = append(line.Omitted, name)
		}
		return condition
	}
	omit(len(r.Repository) > 512, "repository")
	omit(len(r.Reference) > 512, "reference")
	if !omit(len(strings.Join(f.Tags, "")) > 2048, "tags") {
		line.Tags = f.Tags
	}
	line.MountFrom, line.EmptyBody = f.Source, f.EmptyBody
	add := func(key, value string) {
		if value != "" {
			line.Context = append(line.Context, [2]string{key, value})
		}
	}
	add("aws:SecureTransport", strconv.FormatBool(f.Request.Secure))
	whole := func(text string) bool { return len(text) <= 512 && utf8.ValidString(text) }
	if h := f.Request.UserAgent; h.Present && !omit(!whole(h.Text), "aws:UserAgent") {
		line.Context = append(line.Context, [2]string{"aws:UserAgent", h.Text})
	}
	if h := f.Request.Referer; h.Present && !omit(h.Text != "", "aws:referer") {
		line.Context = append(line.Context, [2]string{"aws:referer", h.Text})
	}
	if f.Caller == nil || f.Caller.Spec == nil {
		return
	}
	s := f.Caller.Spec
	begin, _ := f.Caller.AppendContext(nil, r.Time.UTC().Format(time.RFC3339)).Lookup("aws:TokenIssueTime")
	add("aws:TokenIssueTime", begin.Value)
	add("aws:SourceIdentity", s.SourceIdentity)
	add("aws:FederatedProvider", s.Provider)
	add("aws:SourceArn", s.SourceResource.ARN)
	add("aws:SourceAccount", s.SourceResource.Account)
	length := 0
	for _, tag := range s.Tags {
		length += len(tag.Key + tag.Value)
	}
	for _, tag := range s.Tags {
		if length <= 4096 {
			line.Context = append(line.Context, [2]string{"aws:PrincipalTag/" + tag.Key, tag.Value})
		}
	}
	omit(length > 4096, "aws:PrincipalTag")
	line.FederatedBy = s.FederatedBy
	for _, p := range f.Caller.SessionPolicies {
		line.SessionPolicies = append(line.SessionPolicies, p.Source.String())
	}
}

// referenceContext is an object whose members have an order.
type referenceContext [][2]string

func (c referenceContext) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i, member := range c {
		text.WriteByte("{,"[min(i, 1)])
		if err := encoder.Encode(member[0]); err != nil {
			return nil, err
		}
		text.WriteByte(':')
		if err := encoder.Encode(member[1]); err != nil {
			return nil, err
		}
	}
	text.WriteByte('}')
	return text.Bytes(), nil
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
			&r.ID, &r.Reason, &r.RequestID, &r.Registry, &r.Principal, &r.User, &r.Source, &r.Issuer, &r.KeyID, &r.IssuedTo, &r.IssuedKeyID, &r.Client, &r.Method,
			&r.Operation, &r.Repository, &r.Reference, &r.Digest,
		}
		r.Facts = fuzzedFacts(text, field, numbers, nanoseconds)
		if numbers%5 > 0 {
			r.Operation = "GetManifest"
		}
		e := authz.Evaluation{Action: "ecr:PutImage", Optional: numbers%2 == 0, Decision: iam.Decision(numbers % 3)}
		s, p := &iam.Statement{Effect: iam.Effect(numbers % 2)}, &iam.Policy{Source: diag.Source{File: "managed/a.json"}}
		fields = append(fields, &e.Action, &e.Resource, &s.Sid, &p.Source.File, &p.Source.Element)
		s.Start.Line = int32(numbers)
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

// fuzzedFacts returns facts with a text in one place.
func fuzzedFacts(text string, field, numbers uint8, at int64) authz.Facts {
	spec := sts.CallerSpec{Principal: "a"}
	caller := &identity.Caller{CallerIdentity: sts.CallerIdentity{Spec: &spec}}
	f := authz.Facts{EmptyBody: numbers%2 == 0}
	switch f.Request.Secure = numbers%3 == 0; field % 8 {
	case 0:
		f.Request.UserAgent = authz.HeaderText{Text: text, Present: true}
	case 1:
		f.Request.Referer = authz.HeaderText{Text: text, Present: true}
	case 2:
		f.Tags = []string{text, "v1"}
	case 3:
		f.Source = text[:min(len(text), 256)]
	case 4:
		spec.Tags = []sts.Tag{{Key: "a", Value: text}, {Key: "b", Value: ""}}
	case 5:
		spec.SourceIdentity, spec.Provider = "me", text
		spec.IssuedAt = time.Unix(at%1e10, at)
		caller.Context = iam.Context{{Key: "aws:TokenIssueTime", Value: spec.IssuedAt.UTC().Format(time.RFC3339)}}
	case 6:
		spec.SourceResource = sts.SourceResource{ARN: text, Account: "123456789012"}
	case 7:
		spec.FederatedBy = "arn"
		caller.SessionPolicies = []*iam.Policy{{Source: diag.Source{File: text}}, {Source: diag.Source{File: "b"}}}
	}
	if numbers%4 > 0 {
		f.Caller = caller
	}
	return f
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
	known := "ID Reason RequestID Registry Principal User Source Issuer KeyID IssuedTo IssuedKeyID Client Method Operation Repository Reference Digest"
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
