package lint

import (
	"strings"

	"extauthz/iam"
)

// A document is a policy as rules see it.
type document struct {
	policy     *iam.Policy
	statements []statement
}

// A statement is a statement as rules see it.
type statement struct {
	iam.WrittenStatement
	covered actionSet // ECR's actions that it covers
}

// documentOf reads a policy's text, once.
func (l *linter) documentOf(policy *iam.Policy) *document {
	if d := l.documents[policy]; d != nil {
		return d
	}
	written := policy.Written()
	d := &document{policy: policy, statements: make([]statement, len(written))}
	for i := range written {
		d.statements[i] = statement{written[i], coveredBy(written[i].Statement)}
	}
	l.documents[policy] = d
	return d
}

// allows tells whether the statement grants: limits, such as boundaries and
// service control policies, allow without granting.
func (d *document) allows(s *statement) bool {
	return s.Statement.Effect == iam.Allow && d.grants()
}

func (d *document) grants() bool {
	switch d.policy.Kind {
	case iam.IdentityPolicy, iam.RepositoryPolicy, iam.RegistryPolicy, iam.TrustPolicy:
		return true
	default:
		return false
	}
}

func (d *document) isResourceBased() bool {
	return d.policy.Kind == iam.RepositoryPolicy || d.policy.Kind == iam.RegistryPolicy
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
