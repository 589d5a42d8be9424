package policytest

import (
	"slices"
	"strings"

	"extauthz/authz"
)

// A Result is what became of a test. Its zero value has not passed.
type Result struct {
	Test   *Test
	Answer Answer
	Err    error // why it cannot be asked
}

// Results are those of a run, in the order of the tests.
type Results []Result

// Passed tells whether the answer is the expected one.
func (r *Result) Passed() bool {
	return r.Test != nil && r.Err == nil && r.Answer.Outcome == r.Test.Expect &&
		(r.Test.Denied == "" || strings.EqualFold(r.Answer.Action, r.Test.Denied)) &&
		(r.Test.Sid == "" || r.Answer.has(r.Test.Sid))
}

// has tells whether a statement of that Sid decides.
func (a *Answer) has(sid string) bool {
	return slices.ContainsFunc(a.Decided, func(s Statement) bool { return s.Sid == sid })
}

// Failed counts the tests that did not pass.
func (all Results) Failed() (n int) {
	for i := range all {
		if !all[i].Passed() {
			n++
		}
	}
	return n
}

// expected says what the test expects.
func (t *Test) expected() string {
	text := t.Expect.String()
	if t.Denied != "" {
		text += " of " + t.Denied
	}
	if t.Sid != "" {
		text += " by the statement " + quote(t.Sid)
	}
	return text
}

// got says what became of it.
func (a *Answer) got() string {
	text := a.Outcome.String()
	if a.Action != "" && a.Outcome != authz.Allowed {
		text += " of " + a.Action + " on " + a.Resource
	}
	return text
}
