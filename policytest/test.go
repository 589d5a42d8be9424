package policytest

import (
	"slices"
	"strings"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/simulate"
)

// A Test is one policy test. The zero Test expects that the request is refused.
type Test struct {
	File string // tests/NAME.yaml
	Line int
	Name string

	// The caller is one of the following three.

	Principal  string // an ARN, or the name of a service
	Anonymous  bool
	Credential *identity.OfflineCredential

	Tags   []sts.Tag          // session tags of a Principal that is a role session
	Source sts.SourceResource // of a Principal that is a service: the resource on whose behalf it calls

	Registry string // "" means the only one

	simulate.ClientRequest        // its zero time means the time of the run
	Action, Resource       string // instead of a method and a path

	Expect authz.Outcome
	Denied string // the action that is denied; "" means any
	Sid    string // of a matched statement; "" means any
}

// ID returns the file and the name of the test.
func (t *Test) ID() string { return t.File + ": " + t.Name }

// A Result is the result of a test. The zero Result has not passed.
type Result struct {
	Test   *Test
	Actual ActualDecision
	Err    error // why the test cannot be run
}

// Results are the results of a run, in the order of the tests.
type Results []Result

// Passed reports whether the answer is the expected one.
func (r *Result) Passed() bool {
	return r.Test != nil && r.Err == nil && r.Actual.Outcome == r.Test.Expect &&
		(r.Test.Denied == "" || strings.EqualFold(r.Actual.Action, r.Test.Denied)) &&
		(r.Test.Sid == "" || r.Actual.matches(r.Test.Sid))
}

// matches reports whether a matched statement has that Sid.
func (a *ActualDecision) matches(sid string) bool {
	return slices.ContainsFunc(a.Matched, func(s Statement) bool { return s.Sid == sid })
}

// Failed returns the number of tests that did not pass.
func (all Results) Failed() (n int) {
	for i := range all {
		if !all[i].Passed() {
			n++
		}
	}
	return n
}

// expected describes what the test expects.
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

// actual describes the answer in the same form.
func (a *ActualDecision) actual() string {
	text := a.Outcome.String()
	if a.Action != "" && a.Outcome != authz.Allowed {
		text += " of " + a.Action + " on " + a.Resource
	}
	return text
}
