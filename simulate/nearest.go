package simulate

import (
	"slices"

	"extauthz/iam"
)

// maxNearest bounds the statements that Nearest tells of.
const maxNearest = 3

// Nearest tells, where an Allow is missing, which statements come nearest to it,
// and why each does not apply: those that fail for a condition before those that
// fail for their principals, resources and actions. It is empty for a question that
// is decided otherwise, and where no policy allows anything.
func (q *Question) Nearest() (statements []string) {
	e := q.Policies.Explain(&q.Request)
	if e.Decision != iam.ImplicitDeny {
		return nil
	}
	traces := q.Policies.Trace(&q.Request)
	traces = slices.DeleteFunc(traces, func(t iam.StatementTrace) bool {
		return t.Statement.Effect != iam.Allow || t.Applicability == iam.Applies || !lacks(&e, t.Class, t.Level)
	})
	slices.SortStableFunc(traces, func(a, b iam.StatementTrace) int { return int(b.Applicability) - int(a.Applicability) })
	for i := range traces {
		if traces[i].Applicability == traces[0].Applicability && i < maxNearest {
			statements = append(statements, q.statementText(&traces[i]))
		}
	}
	return statements
}

// lacks tells whether the policies of a class do not allow the request, and an
// Allow of theirs could: of the class that refused, or of the other one of identity
// and resource policies, of which within an account either suffices.
func lacks(e *iam.Explanation, class iam.Class, level int) bool {
	either := func(c iam.Class) bool { return c == iam.IdentityClass || c == iam.ResourceClass }
	if class != e.BlockedBy && !(either(class) && either(e.BlockedBy)) {
		return false
	}
	return slices.ContainsFunc(e.Classes, func(c iam.ClassDecision) bool {
		return c.Class == class && c.Level == level && c.Decision != iam.Allowed
	})
}
