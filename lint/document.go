package lint

import (
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
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

// index gathers what rules look up.
func (l *linter) index() {
	l.documents = map[*iam.Policy]*document{}
	l.attached, l.usedOtherwise = map[*iam.Policy]bool{}, map[policystore.Place]bool{}
	for _, policy := range l.contents.Policies {
		if policy.Kind == iam.PermissionsBoundary || policy.Kind == iam.SessionPolicy {
			l.usedOtherwise[placeOf(policy)] = true
		}
	}
	l.operators = map[*iam.Policy]bool{}
	for _, policy := range l.contents.Policies {
		l.operators[policy] = true
	}
	l.named = l.grantedByRepositories()
	l.indexPrincipals()
}

func (l *linter) indexPrincipals() {
	l.holders = map[*iam.Policy][]principal{}
	l.accounts, l.known, l.idleTrust = map[string]bool{}, map[string]bool{}, map[*iam.Policy]bool{}
	for _, p := range l.contents.Principals {
		arn, err := iam.ParseARN(p.ARN)
		if err != nil {
			continue // cannot be: the directory was loaded
		}
		for _, policy := range p.Identity {
			l.attached[policy] = true
			l.holders[policy] = append(l.holders[policy], p)
		}
		if p.Trust != nil {
			l.attached[p.Trust] = true
			l.idleTrust[p.Trust] = isExported(p) && (len(l.contents.Issuers) == 0 || !l.hasRights(p))
		}
		l.accounts[arn.Account] = true
		l.known[p.ARN] = true
		if role, isRole := strings.CutPrefix(arn.Resource, "role/"); isRole {
			arn.Service, arn.Resource = "sts", "assumed-role/"+lastSegment(role)
			l.known[arn.String()] = true
		}
	}
}

// judged tells whether a policy is to be judged for what it says. A managed
// policy is always compiled as an identity policy; where it is attached as a
// boundary or session policy alone, it is judged as that. Of the trust policies of
// an account's authorization those count whose roles have rights in repositories,
// where there are tokens to assume them.
func (l *linter) judged(policy *iam.Policy) bool {
	if l.idleTrust[policy] {
		return false
	}
	return policy.Kind != iam.IdentityPolicy || l.attached[policy] || !l.usedOtherwise[placeOf(policy)]
}

// placeOf is where a policy's first statement stands, which no two texts share.
func placeOf(policy *iam.Policy) policystore.Place {
	return policystore.Place{Source: policy.Source, Position: policy.Statements[0].Start}
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
	}
	return false
}

func (d *document) isResourceBased() bool {
	return d.policy.Kind == iam.RepositoryPolicy || d.policy.Kind == iam.RegistryPolicy
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
