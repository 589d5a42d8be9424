package differential

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"extauthz/iam"
)

// TestMaskTable checks that each mask has its own name, a reason, a sentence of AWS's
// with the page that it is on, and one function.
func TestMaskTable(t *testing.T) {
	cited := regexp.MustCompile(`^(IAM User Guide|AWS STS API Reference|AWS General Reference), "[^"]{9,}": "[^"]{25,}"$`)
	names := map[string]bool{}
	for _, m := range masks() {
		functions := 0
		for _, has := range []bool{m.whole != nil, m.statement != nil, m.condition != nil, m.comparison != nil} {
			if has {
				functions++
			}
		}
		if m.name == "" || names[m.name] || m.reason == "" || functions != 1 {
			t.Errorf("mask %q with reason %q and %d functions", m.name, m.reason, functions)
		}
		if !cited.MatchString(m.source) {
			t.Errorf("mask %q cites %q; write document, \"page\": \"sentence\"", m.name, m.source)
		}
		names[m.name] = true
	}
	if len(names) < 37 {
		t.Errorf("%d masks, want at least 37", len(names))
	}
}

// TestMaskedConditions checks how the other evaluator reads conditions: each is
// rewritten to hold always, or never, or left as it is.
func TestMaskedConditions(t *testing.T) {
	const holds, fails, plain = "holds", "fails", "plain"
	cases := []struct {
		name      string
		effect    iam.Effect
		condition Condition
		entry     iam.ContextEntry
		want      string
	}{
		{"number with text", iam.Allow, Condition{Base: "NumericEquals", Values: []string{"10"}}, iam.ContextEntry{Value: "10abc"}, holds},
		{"number", iam.Allow, Condition{Base: "NumericEquals", Values: []string{"10"}}, iam.ContextEntry{Value: "10.0"}, plain},
		{"no number in a Deny", iam.Deny, Condition{Base: "NumericEquals", Values: []string{"10"}}, iam.ContextEntry{Value: "abc"}, fails},
		{"missing key", iam.Deny, Condition{Base: "NumericEquals", Key: "test:absent", Values: []string{"10"}}, iam.ContextEntry{}, plain},
		{"Null of nothing", iam.Allow, Condition{Base: "Null", Values: []string{"false"}}, iam.ContextEntry{}, holds},
		{"all Null, missing key", iam.Deny, Condition{Set: "ForAllValues:", Base: "Null", Key: "test:absent", Values: []string{"false"}}, iam.ContextEntry{}, fails},
		{"any Null, missing key", iam.Allow, Condition{Set: "ForAnyValue:", Base: "Null", Key: "test:absent", Values: []string{"true"}}, iam.ContextEntry{}, holds},
		{"any Null, nothing", iam.Allow, Condition{Set: "ForAnyValue:", Base: "Null", Values: []string{"false"}}, iam.ContextEntry{}, holds},
		{"all Null, present", iam.Allow, Condition{Set: "ForAllValues:", Base: "Null", Values: []string{"false"}}, iam.ContextEntry{Value: "a"}, plain},
		{"list in a Deny", iam.Deny, Condition{Base: "StringEquals", Values: []string{"a"}}, iam.ContextEntry{Values: []string{"a"}, Multi: true}, fails},
		{"list in an Allow", iam.Allow, Condition{Base: "StringEquals", Values: []string{"a"}}, iam.ContextEntry{Values: []string{"a"}, Multi: true}, plain},
		{"empty string in a set", iam.Allow, Condition{Set: "ForAnyValue:", Base: "StringLike", Values: []string{"*"}}, iam.ContextEntry{}, holds},
		{"year against epoch", iam.Allow, Condition{Base: "DateLessThan", Values: []string{"1767225600"}}, iam.ContextEntry{Value: "2026"}, holds},
		{"spelling of IPv6", iam.Allow, Condition{Base: "IpAddress", Values: []string{"0::1"}}, iam.ContextEntry{Value: "::1"}, fails},
		{"other family", iam.Allow, Condition{Base: "NotIpAddress", Values: []string{"10.0.0.1"}}, iam.ContextEntry{Value: "::1"}, fails},
		{"mapped", iam.Allow, Condition{Base: "IpAddress", Values: []string{"::/0"}}, iam.ContextEntry{Value: "::ffff:10.0.0.1"}, holds},
		{"escape", iam.Allow, Condition{Base: "StringEquals", Values: []string{"${*}"}}, iam.ContextEntry{Value: "*"}, fails},
		{"escape as text", iam.Allow, Condition{Base: "StringEquals", Values: []string{"${*}"}}, iam.ContextEntry{Value: "${*}"}, holds},
		{"negated, variable missing", iam.Deny, Condition{Base: "StringNotEquals", Values: []string{"${test:absent}"}}, iam.ContextEntry{Value: "a"}, fails},
		{"not an ARN, compared with a variable across segments", iam.Allow, Condition{Base: "ArnNotLike", Values: []string{"arn:aws:iam::${test:key}:role/ci"}}, iam.ContextEntry{Value: "ci"}, plain},
		{"not an ARN, compared with an empty variable", iam.Allow, Condition{Base: "ArnNotLike", Values: []string{"arn:aws:iam::123456789012:*${test:key}"}}, iam.ContextEntry{Value: ""}, plain},
		{"lone star", iam.Allow, Condition{Base: "ArnLike", Values: []string{"*", "arn:*:*:*:*:*"}}, iam.ContextEntry{Value: "arn:aws:iam::1:x"}, holds},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.entry.Key = "test:key"
			if c.condition.Key == "" {
				c.condition.Key = "test:key"
			}
			k := &Case{Context: iam.Context{c.entry}}
			r := rewriting{library: library{}, masks: masks(), applied: map[*mask]bool{}}
			got := plain
			if value, masked := r.condition(k, c.effect, &c.condition); masked {
				got = map[bool]string{true: holds, false: fails}[value]
			}
			if got != c.want || r.err != nil {
				t.Errorf("%s, want %s (%v)", got, c.want, r.err)
			}
		})
	}
}

// TestVariables finds the variables of a text.
func TestVariables(t *testing.T) {
	const text = "a${aws:username}${*}${k, 'x y'}${unended"
	want := []variable{
		{start: 1, end: 16, key: "aws:username"},
		{start: 16, end: 20, key: "*"},
		{start: 20, end: 31, key: "k", fallback: "x y", hasFallback: true},
	}
	if got := variables(text); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestGenerateIsRepeatable checks that the same numbers give the same question, and
// different ones otherwise.
func TestGenerateIsRepeatable(t *testing.T) {
	seen := map[string]bool{}
	for n := range uint64(100) {
		text, err := json.Marshal(Generate(3, n))
		again, alsoErr := json.Marshal(Generate(3, n))
		if err != nil || alsoErr != nil || string(text) != string(again) {
			t.Fatalf("question %d: %v, %v: %s, then %s", n, err, alsoErr, text, again)
		}
		seen[string(text)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d different questions of 100", len(seen))
	}
}
