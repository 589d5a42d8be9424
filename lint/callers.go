package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// principal is a user or role of the directory.
type principal = policystore.Principal

// callers finds users and roles whose rights come to nothing, and policies that
// nobody has.
func (l *linter) callers() {
	named := l.grantedByRepositories()
	for _, p := range l.contents.Principals {
		l.login(p, named)
		l.assumable(p)
	}
	for _, c := range l.contents.Credentials {
		l.sessionLogin(c.Place, c.Session)
	}
	for _, i := range l.contents.Issuers {
		l.sessionLogin(i.Place, i.Session)
	}
	l.unattached()
}

// grantedByRepositories are the ARNs that repository policies allow something.
func (l *linter) grantedByRepositories() map[string]bool {
	named := map[string]bool{}
	for _, policy := range l.contents.Policies {
		d := l.documentOf(policy)
		if !d.isResourceBased() {
			continue
		}
		for i := range d.statements {
			if s := &d.statements[i]; s.Statement.Effect == iam.Allow && s.covered&asked != 0 {
				for _, p := range s.Principals {
					named[p.Text] = true
				}
			}
		}
	}
	return named
}

// login finds who has rights in repositories, and may not log in.
func (l *linter) login(p principal, named map[string]bool) {
	granted := named[p.ARN] || l.grants(p.Identity, func(s *statement) bool { return s.covered&asked != 0 })
	switch {
	case !granted:
	case !l.grants(p.Identity, allowsLogin):
		l.report(p.Source, p.Position, "missing-login", "%q has rights in repositories, but no identity policy of it allows ecr:GetAuthorizationToken on \"*\", so that it can use none of them", p.ARN)
	case len(p.Boundary) > 0 && !l.grants(p.Boundary, allowsLogin):
		l.report(p.Source, p.Position, "missing-login", "%q has rights in repositories, but its permissions boundary %s does not allow ecr:GetAuthorizationToken on \"*\", so that it can use none of them", p.ARN, p.Boundary[0].Source)
	}
}

// sessionLogin finds sessions whose policies keep them from logging in.
func (l *linter) sessionLogin(at policystore.Place, session []*iam.Policy) {
	if len(session) > 0 && !l.grants(session, allowsLogin) {
		l.report(at.Source, at.Position, "missing-login", "no session policy allows ecr:GetAuthorizationToken on \"*\", so that these sessions can use none of their rights")
	}
}

// grants tells whether an Allow of the policies is as asked for.
func (l *linter) grants(policies []*iam.Policy, is func(*statement) bool) bool {
	for _, policy := range policies {
		d := l.documentOf(policy)
		for i := range d.statements {
			if s := &d.statements[i]; s.Statement.Effect == iam.Allow && is(s) {
				return true
			}
		}
	}
	return false
}

func allowsLogin(s *statement) bool {
	return s.covered.has(login) && (s.NotResource || hasStar(s.Resources))
}

// capture is a part of a name that a credential fills in.
var capture = regexp.MustCompile(`\{[^{}]*\}`)

// assumable finds roles of principals.yaml that no credential and no issuer's token
// can be. An account's authorization has roles for everything, and is not held to
// that.
func (l *linter) assumable(p principal) {
	if p.Source != "principals.yaml" {
		return
	}
	arn, err := iam.ParseARN(p.ARN)
	path, isRole := strings.CutPrefix(arn.Resource, "role/")
	if err != nil || !isRole {
		return
	}
	session := "arn:" + arn.Partition + ":sts::" + arn.Account + ":assumed-role/" + lastSegment(path) + "/"
	for _, c := range l.contents.Credentials {
		template := capture.ReplaceAllString(c.Principal, "*")
		if slash := strings.LastIndexByte(template, '/'); slash >= 0 && matchesText(template[:slash+1], session) {
			return
		}
	}
	switch {
	case p.Trust == nil:
		l.report(p.Source, p.Position, "unassumable-role", "nobody can be a session of role %q: no credential is, and it has no trust policy", p.ARN)
	case !l.grants([]*iam.Policy{p.Trust}, l.trustsSomebody):
		l.report(p.Source, p.Position, "unassumable-role", "nobody can be a session of role %q: no credential is, and its trust policy %s trusts no issuer of principals.yaml", p.ARN, p.Trust.Source)
	}
}

// trustsSomebody tells whether a statement of a trust policy is for an issuer
// here or, where tokens stand for users and roles, for one of these.
func (l *linter) trustsSomebody(s *statement) bool {
	return slices.ContainsFunc(s.Principals, func(p iam.WrittenPrincipal) bool {
		switch p.Type {
		case "Federated":
			return slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool { return isProvider(p.Text, i.Provider) })
		case "AWS":
			return slices.ContainsFunc(l.contents.Credentials, func(c policystore.Credential) bool { return c.Issuer != "" })
		}
		return false
	})
}

// isProvider tells whether a trust policy's principal is the provider.
func isProvider(text, provider string) bool {
	return text == provider || strings.HasSuffix(text, ":oidc-provider/"+provider)
}

// closedLevels finds levels of the organization whose service control policies
// allow nothing: every level must allow.
func (l *linter) closedLevels() {
	open, first := map[string]bool{}, map[string]*iam.Policy{}
	for _, policy := range l.contents.Policies {
		if policy.Kind != iam.ServiceControlPolicy {
			continue
		}
		level, _, _ := strings.Cut(strings.TrimPrefix(policy.Source, "organization/scp/"), "/")
		if first[level] == nil {
			first[level] = policy
		}
		open[level] = open[level] || l.grants([]*iam.Policy{policy}, allowsLogin)
	}
	for level, policy := range first {
		if !open[level] {
			l.report(policy.Source, iam.Position{Line: 1, Column: 1}, "closed-level", "no service control policy of level %q allows ecr:GetAuthorizationToken, and every level must allow, so that nobody in the organization's accounts may do anything; add FullAWSAccess", level)
		}
	}
}

// unattached finds policies that nothing refers to.
func (l *linter) unattached() {
	for _, policy := range l.contents.Policies {
		if l.attached[policy] || l.usedOtherwise[placeOf(policy)] {
			continue
		}
		report := l.reporterOf(strictest(policy))
		switch {
		case strings.HasPrefix(policy.Source, "managed/"):
			report(policy.Source, iam.Position{Line: 1, Column: 1}, "unattached-policy", "this policy is attached to nobody")
		case strings.HasPrefix(policy.Source, "trust/"):
			report(policy.Source, iam.Position{Line: 1, Column: 1}, "unattached-policy", "this trust policy is no role's")
		}
	}
}

// strictest is Deny where a statement of the policy denies.
func strictest(policy *iam.Policy) iam.Effect {
	if slices.ContainsFunc(policy.Statements, func(s iam.Statement) bool { return s.Effect == iam.Deny }) {
		return iam.Deny
	}
	return iam.Allow
}
