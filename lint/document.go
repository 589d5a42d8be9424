package lint

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// A document is a policy in the form that rules use.
type document struct {
	policy     *iam.Policy
	statements []statement
}

// A statement is a statement in the form that rules use.
type statement struct {
	*iam.StatementSyntax
	Statement  *iam.Statement // the same, compiled
	Conditions []condition
	covered    actionSet // the actions of ECR that it covers
}

// A condition is a condition in the form that rules use.
type condition struct {
	*iam.ConditionSyntax
	holds func(iam.Context) bool // whether it is true in its statement
}

func newStatement(syntax *iam.StatementSyntax, compiled *iam.Statement) statement {
	s := statement{syntax, compiled, make([]condition, len(syntax.Conditions)), coveredBy(compiled)}
	for i := range syntax.Conditions {
		s.Conditions[i] = condition{&syntax.Conditions[i], func(c iam.Context) bool { return compiled.ConditionHolds(i, c) }}
	}
	return s
}

// areTrue reports whether all conditions of a statement are true for a request with that
// context.
func areTrue(conditions []condition, context ...iam.ContextEntry) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(context) })
}

// documentOf returns the document of a policy.
func (l *lookup) documentOf(policy *iam.Policy) *document {
	if d := l.documents[policy]; d != nil {
		return d
	}
	syntax := l.contents.Documents[policy].Statements
	d := &document{policy: policy, statements: make([]statement, len(syntax))}
	for i := range syntax {
		d.statements[i] = newStatement(&syntax[i], &policy.Statements[i])
	}
	l.documents[policy] = d
	return d
}

// at returns the position of a point of the document.
func (d *document) at(p diag.Point) diag.Position { return d.policy.Source.At(p) }

// grants reports whether the document can give rights. Limits, such as boundaries and
// service control policies, cannot.
func (d *document) grants() bool {
	switch d.policy.Kind {
	case iam.IdentityPolicy, iam.RepositoryPolicy, iam.RegistryPolicy, iam.TrustPolicy:
		return true
	case iam.PermissionsBoundary, iam.SessionPolicy, iam.ServiceControlPolicy, iam.ResourceControlPolicy:
	}
	return false
}

// allows reports whether the statement is an Allow that gives rights.
func (d *document) allows(s *statement) bool {
	return s.Statement.Effect == iam.Allow && d.grants()
}

func (d *document) isResourceBased() bool {
	return d.policy.Kind == iam.RepositoryPolicy || d.policy.Kind == iam.RegistryPolicy
}

// concernsECR reports whether a point of the document is in a statement about ECR. If
// the point is in no statement, it reports whether any statement is about ECR.
func (d *document) concernsECR(p diag.Point) bool {
	for i := range d.statements {
		if s := &d.statements[i]; p.Compare(s.Statement.Start) >= 0 && p.Compare(s.Statement.End) <= 0 {
			return s.concernsECR()
		}
	}
	return slices.ContainsFunc(d.statements, func(s statement) bool { return s.concernsECR() })
}

// concernsECR reports whether the statement covers an action of ECR, or was meant to:
// a misspelled action covers nothing.
func (s *statement) concernsECR() bool {
	return s.covered != 0 || slices.ContainsFunc(s.Actions, func(e iam.Entry) bool {
		service, name, _ := strings.Cut(e.Text, ":")
		return strings.EqualFold(service, "ecr") || meansECR(service, name)
	})
}

// everyone returns the entry "*" of the statement's Principal, nil if it has none.
func (s *statement) everyone() *iam.PrincipalSyntax {
	for i := range s.Principals {
		if p := &s.Principals[i]; p.Type == "AWS" && p.Text == "*" && !s.NotPrincipal {
			return p
		}
	}
	return nil
}

// requires reports whether a condition of the statement is false for a request without
// its key, either by itself or, with ForAllValues, because of a Null condition.
func (s *statement) requires(c condition) bool {
	if c.Set == "ForAllValues" {
		return !c.Negated && c.Base != "Null" && slices.ContainsFunc(s.Conditions, func(n condition) bool {
			return n.Base == "Null" && n.Set == "" && strings.EqualFold(n.Key.Text, c.Key.Text) && len(n.Values) == 1 && strings.EqualFold(n.Values[0].Text, "false")
		})
	}
	return !c.Negated && !c.IfExists && c.Base != "Null"
}

// actionAt returns the position of the entry of Action that covers an action, or else
// that of the statement.
func (s *statement) actionAt(action actionSet) diag.Point {
	for _, e := range s.Actions {
		if coversAction(e.Text, action.first()) {
			return e.At
		}
	}
	return s.Statement.Start
}

func hasStar(entries []iam.Entry) bool {
	return slices.ContainsFunc(entries, func(e iam.Entry) bool { return e.Text == "*" })
}
