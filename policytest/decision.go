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

// An ActualDecision is the decision on the request of a test, to compare with the expected
// one. The zero ActualDecision refuses.
type ActualDecision struct {
	Outcome          authz.Outcome
	Action, Resource string // that are denied; "" if none are
	Reason           string // one line, "" if allowed
	Matched          []Statement
	Nearest          []string // the statements nearest to a missing Allow, a line each
}

// A Statement is a statement that determines the decision.
type Statement struct {
	Label string // its position, effect and Sid
	Sid   string
}

// newActualDecision returns the decision on a client's request.
func newActualDecision(result *authz.OfflineResult) ActualDecision {
	a := ActualDecision{Outcome: result.Decision, Reason: result.Reason}
	explanations := result.Explain()
	if result.Decision == authz.Allowed {
		for i := range explanations {
			a.addMatched(&explanations[i])
		}
		return a
	}
	if last := len(result.Evaluations) - 1; last >= 0 {
		denied := &result.Requests[last]
		a.Action, a.Resource = denied.Action, denied.Resource
		a.addMatched(&explanations[last])
		a.Nearest = nearest(result.Policies(last), denied)
	}
	return a
}

// nearest returns the statements that are nearest to an Allow that is missing.
func nearest(policies *iam.Policies, r *iam.Request) []string {
	evaluation := simulate.Evaluation{Policies: policies, Request: *r}
	return evaluation.Nearest()
}

// evaluateAction evaluates the action of a test on its resource.
func (r *runner) evaluateAction(t *Test, registry *policystore.Registry, caller *identity.Caller, request *authz.CheckRequest) (ActualDecision, error) {
	if prefix := registry.RepositoryARN(""); t.Resource != "*" && !strings.HasPrefix(t.Resource, prefix) {
		return ActualDecision{}, fmt.Errorf("resource %q does not belong to registry %q, whose repositories are %s*", t.Resource, registry.Name, prefix)
	}
	evaluated := authz.NewIAMRequest(request, registry, caller, t.Action, t.Resource)
	policies := r.snapshot.Decisions.Applicable(evaluated, caller.SessionPolicies)
	explanation := policies.Explain(evaluated)
	a := ActualDecision{Outcome: outcome(explanation.Decision)}
	if a.Outcome != authz.Allowed {
		a.Action, a.Resource, a.Reason = t.Action, t.Resource, simulate.Reason(&explanation)
	}
	a.addMatched(&explanation)
	a.Nearest = nearest(policies, evaluated)
	return a, nil
}

// outcome returns the outcome for a single decision.
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

// addMatched adds the statements that determine a decision, each once.
func (a *ActualDecision) addMatched(e *iam.Explanation) {
	for _, m := range simulate.MatchedStatements(e) {
		s := Statement{simulate.StatementLabel(m.Policy, m.Statement), m.Statement.Sid}
		if !slices.Contains(a.Matched, s) {
			a.Matched = append(a.Matched, s)
		}
	}
}
