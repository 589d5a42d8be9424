package simulate

import (
	"fmt"
	"slices"

	"extauthz/iam"
)

// An Evaluation is the evaluation of one action by one caller on one resource.
type Evaluation struct {
	Policies *iam.Policies // all that apply
	Request  iam.Request
	Unnamed  bool // the caller represents any principal of its account
}

// classDecision returns the decision of the policies of a class on their own: of a
// class with levels, that of the first level that does not allow. applies is false if
// the class has no policies that apply.
func classDecision(e *iam.Explanation, class iam.Class) (d iam.Decision, applies bool) {
	d = iam.Allowed
	for _, c := range e.Classes {
		if c.Class == class {
			applies = true
			if d == iam.Allowed {
				d = c.Decision
			}
		}
	}
	return d, applies
}

// allowedBy reports whether the policies of a class allow on their own, or do not apply.
func allowedBy(e *iam.Explanation, class iam.Class) bool {
	d, applies := classDecision(e, class)
	return !applies || d == iam.Allowed
}

// crossAccount reports whether the resource belongs to another account than the caller.
func (q *Evaluation) crossAccount() bool {
	caller, err := iam.ParseARN(q.Request.Principal.ARN)
	if err != nil {
		return false // a caller without an account
	}
	resource, err := iam.ParseARN(q.Request.Resource)
	if err != nil {
		return false // no resource: the owner is the caller's account
	}
	owner := q.Policies.ResourceAccount
	if owner == "" {
		owner = resource.Account
	}
	return caller.Account != owner || caller.Partition != resource.Partition
}

// Reason returns why a request is denied, in one line, and "" if it is allowed.
func Reason(e *iam.Explanation) string {
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

// MatchedStatements returns the statements that determine the decision: those that
// apply and have its effect. An implicit deny has none.
func MatchedStatements(e *iam.Explanation) (matched []iam.Match) {
	for _, m := range e.Matched {
		denies := m.Statement.Effect == iam.Deny
		if e.Decision != iam.ImplicitDeny && denies == (e.Decision == iam.ExplicitDeny) {
			matched = append(matched, m)
		}
	}
	return matched
}

// StatementLabel returns the position, the effect and the Sid of a statement.
func StatementLabel(p *iam.Policy, s *iam.Statement) string {
	label := fmt.Sprintf("%s %s", p.Source.At(s.Start), s.Effect)
	if s.Sid != "" {
		label += fmt.Sprintf(" %q", s.Sid)
	}
	return label
}

// maxNearest is the largest number of statements that Nearest returns.
const maxNearest = 3

// Nearest describes the Allow statements that fail for the fewest reasons, if no
// statement allows the request: statements whose condition is false, and otherwise those
// whose principals, resources or actions do not match, in this order. It returns nothing
// for another decision.
func (q *Evaluation) Nearest() (statements []string) {
	e := q.Policies.Explain(&q.Request)
	if e.Decision != iam.ImplicitDeny {
		return nil
	}
	traces := q.Policies.Trace(&q.Request)
	traces = slices.DeleteFunc(traces, func(t iam.StatementTrace) bool {
		return t.Statement.Effect != iam.Allow || t.Applicability == iam.Applies || !lacksAllow(&e, t.Class, t.Level)
	})
	slices.SortStableFunc(traces, func(a, b iam.StatementTrace) int { return int(b.Applicability) - int(a.Applicability) })
	for i := range traces {
		if traces[i].Applicability == traces[0].Applicability && i < maxNearest {
			statements = append(statements, q.statementText(&traces[i]))
		}
	}
	return statements
}

// lacksAllow reports whether another Allow in the policies of a class could change the
// decision: in the class that denies, or in identity and resource policies if either of
// them denies, because within an account one of the two suffices.
func lacksAllow(e *iam.Explanation, class iam.Class, level int) bool {
	either := func(c iam.Class) bool { return c == iam.IdentityClass || c == iam.ResourceClass }
	if class != e.BlockedBy && !(either(class) && either(e.BlockedBy)) {
		return false
	}
	return slices.ContainsFunc(e.Classes, func(c iam.ClassDecision) bool {
		return c.Class == class && c.Level == level && c.Decision != iam.Allowed
	})
}
