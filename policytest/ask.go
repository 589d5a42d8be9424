package policytest

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
	"extauthz/simulate"
)

// An Answer is what became of a test. Its zero value is a refusal.
type Answer struct {
	Outcome  authz.Outcome
	Action   string // the denied one, "" where no action was
	Resource string // for which it was
	Reason   string // one line, "" where it is allowed
	Decided  []Statement
	Nearest  []string // what comes nearest to an Allow that is missing, a line each
}

// A Statement is one that decides.
type Statement struct {
	Source       string // the policy's file
	Line, Column int
	Effect       iam.Effect
	Sid          string
}

// String is where the statement is, and what.
func (s Statement) String() string {
	text := fmt.Sprintf("%s:%d:%d %s", s.Source, s.Line, s.Column, s.Effect)
	if s.Sid != "" {
		text += fmt.Sprintf(" %q", s.Sid)
	}
	return text
}

// answerOf is what became of a request.
func answerOf(result *authz.Result) Answer {
	a := Answer{Outcome: result.Decision, Reason: result.Reason}
	why := result.Explain()
	if result.Decision == authz.Allowed {
		for i := range why {
			a.decidedBy(&why[i])
		}
		return a
	}
	if last := len(result.Evaluations) - 1; last >= 0 {
		denied := &result.Evaluations[last].Request
		a.Action, a.Resource = denied.Action, denied.Resource
		a.decidedBy(&why[last])
		a.Nearest = nearest(result.Policies(last), denied)
	}
	return a
}

// nearest returns the statements that are nearest to an Allow that is missing.
func nearest(policies *iam.Policies, r *iam.Request) []string {
	question := simulate.Question{Policies: policies, Request: *r}
	return question.Nearest()
}

// askAction asks about an action on a resource.
func (r *runner) askAction(t *Test, registry *policystore.Registry, caller *identity.Caller, request *authz.Request) (Answer, error) {
	if ours := registry.RepositoryARN(""); t.Resource != "*" && !strings.HasPrefix(t.Resource, ours) {
		return Answer{}, fmt.Errorf("resource %q is not of registry %q, whose are %s…", t.Resource, registry.Name, ours)
	}
	asked := authz.NewIAMRequest(request, registry, caller, t.Action, t.Resource)
	policies := r.snapshot.Decisions.Applicable(asked, caller.SessionPolicies)
	why := policies.Explain(asked)
	a := Answer{Outcome: outcome(why.Decision)}
	if a.Outcome != authz.Allowed {
		a.Action, a.Resource, a.Reason = t.Action, t.Resource, because(&why)
	}
	a.decidedBy(&why)
	a.Nearest = nearest(policies, asked)
	return a, nil
}

// outcome is the outcome of a single decision.
func outcome(d iam.Decision) authz.Outcome {
	switch d {
	case iam.Allowed:
		return authz.Allowed
	case iam.ExplicitDeny:
		return authz.ExplicitDeny
	case iam.ImplicitDeny:
	}
	return authz.ImplicitDeny
}

// because says which class of policies refused.
func because(e *iam.Explanation) string {
	switch {
	case e.Exhausted:
		return "evaluating the policies takes more steps than one decision may take"
	case e.BlockedBy == iam.NoClass:
		return ""
	case e.Decision == iam.ExplicitDeny:
		return fmt.Sprintf("explicitly denied by the %s", e.BlockedBy)
	}
	return fmt.Sprintf("no %s allows it", e.BlockedBy)
}

// decidedBy adds the statements that decide: those that deny, or those that
// allow. An implicit deny has none.
func (a *Answer) decidedBy(e *iam.Explanation) {
	for _, m := range e.Matched {
		if e.Decision == iam.ImplicitDeny || (m.Statement.Effect == iam.Deny) != (e.Decision == iam.ExplicitDeny) {
			continue
		}
		s := Statement{m.Policy.Source.String(), m.Statement.Start.Line, m.Statement.Start.Column, m.Statement.Effect, m.Statement.Sid}
		if !slices.Contains(a.Decided, s) {
			a.Decided = append(a.Decided, s)
		}
	}
}
