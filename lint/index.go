package lint

import (
	"maps"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// An index is what rules look up of a directory.
type index struct {
	documents     map[*iam.Policy]*document   // those that were read
	operators     map[*iam.Policy]bool        // written by the operator
	attached      map[*iam.Policy]bool        // to a user or role, as identity or trust policy
	usedOtherwise map[policystore.Place]bool  // where boundaries and session policies stand
	holders       map[*iam.Policy][]principal // users and roles with the identity policy
	idleTrust     map[*iam.Policy]bool        // of exported roles that have no part here
	accounts      map[string]bool             // that have users or roles
	usedAccounts  map[string]bool             // accounts that users, roles or credentials are of
	known         map[string]bool             // ARNs of users and roles, as policies may name them
	named         map[string]bool             // ARNs that policies of repositories and registries allow something
	credentialed  *standIns                   // whom credentials stand for
	verified      map[string]bool             // names of issuers whose tokens are verified here
}

// gather fills in the index.
func (l *linter) gather() {
	l.documents, l.operators, l.usedOtherwise = map[*iam.Policy]*document{}, map[*iam.Policy]bool{}, map[policystore.Place]bool{}
	for _, policy := range l.contents.Policies {
		l.operators[policy] = true
		if policy.Kind == iam.PermissionsBoundary || policy.Kind == iam.SessionPolicy {
			l.usedOtherwise[placeOf(policy)] = true
		}
	}
	l.named = l.grantedByRepositories()
	l.credentialed = standInsOf(l.contents.Credentials)
	l.gatherPrincipals()
	l.usedAccounts = maps.Clone(l.accounts)
	for _, c := range l.contents.Credentials {
		if arn, err := iam.ParseARN(c.Principal); err == nil { // a service has no account
			l.usedAccounts[arn.Account] = true
		}
	}
}

func (l *linter) gatherPrincipals() {
	l.attached, l.holders, l.idleTrust = map[*iam.Policy]bool{}, map[*iam.Policy][]principal{}, map[*iam.Policy]bool{}
	l.accounts, l.known = map[string]bool{}, map[string]bool{}
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
