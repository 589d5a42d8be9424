package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// principal is a user or role of the directory.
type principal = policystore.Principal

// callers finds users and roles whose rights come to nothing, and policies that
// nobody has. An account's authorization has users and roles for everything: those
// that nobody is here are passed over.
func (l *linter) callers() {
	for _, p := range l.contents.Principals {
		reachable := l.reachable(p)
		if reachable || !isExported(p) {
			l.login(p)
		}
		if !reachable && !isExported(p) {
			l.unassumable(p)
		}
	}
	for _, c := range l.contents.Credentials {
		l.sessionLogin(c.Place, c.Session)
		l.neverLogin(&c)
		l.rootCredential(&c)
	}
	for _, i := range l.contents.Issuers {
		l.sessionLogin(i.Place, i.Session)
	}
	l.unattached()
}

// isExported tells whether a user or role is of an account's authorization.
func isExported(p principal) bool { return p.Source != "principals.yaml" }

// hasRights tells whether a policy allows a user or role something in repositories.
func (l *linter) hasRights(p principal) bool {
	return l.named[p.ARN] || l.grants(p.Identity, func(s *statement) bool { return s.covered&asked != 0 })
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
func (l *linter) login(p principal) {
	switch {
	case !l.hasRights(p):
	case !l.grants(p.Identity, allowsLogin):
		l.report(p.Source, p.Position, "missing-login", "%q has rights in repositories, but no identity policy of it allows ecr:GetAuthorizationToken on \"*\", %s", p.ARN, l.withoutLogin())
	case len(p.Boundary) > 0 && !l.grants(p.Boundary, allowsLogin):
		l.report(p.Source, p.Position, "missing-login", "%q has rights in repositories, but its permissions boundary %s does not allow ecr:GetAuthorizationToken on \"*\", %s", p.ARN, l.onDisk(p.Boundary[0].Source), l.withoutLogin())
	}
}

// withoutLogin is what comes of it.
func (l *linter) withoutLogin() string {
	if slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return !r.AuthorizationTokenOnlyAtLogin }) {
		return "so that none of them can be used"
	}
	return "so that the login is refused, with which clients such as docker begin"
}

// sessionLogin finds sessions whose policies keep them from logging in.
func (l *linter) sessionLogin(at policystore.Place, session []*iam.Policy) {
	if len(session) > 0 && !l.grants(session, allowsLogin) {
		l.report(at.Source, at.Position, "missing-login", "the rights of these sessions are limited by session policies, none of which allows ecr:GetAuthorizationToken on \"*\", %s", l.withoutLogin())
	}
}

// neverLogin finds credentials of federated users without a session policy, to whom no
// policy can allow the login.
func (l *linter) neverLogin(c *policystore.Credential) {
	limited := len(c.Session) > 0 || slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		return c.Issuer == i.Name && len(i.Session) > 0
	})
	if kindOf(c) == "federated-user" && !limited {
		l.report(c.Source, c.Position, "missing-login", "a federated user has the rights that its session policies allow, and here are none, so that nothing allows it ecr:GetAuthorizationToken; add sessionPolicies")
	}
}

// rootCredential finds credentials whose principal is the root user of an account. It
// has every right in its own account; only an explicit Deny or a service control
// policy limits it (IAM User Guide, "AWS account root user").
func (l *linter) rootCredential(c *policystore.Credential) {
	if kindOf(c) == "root" {
		l.report(c.Source, c.Position, "root-credential", "this credential is the root user %q, which may do everything in the registries of its account; bind the credential to a user or role that has only the rights it needs", c.Principal)
	}
}

// kindOf returns the kind of a credential's principal, as its ARN has it: user,
// assumed-role, federated-user or root.
func kindOf(c *policystore.Credential) string {
	kind, _, _ := strings.Cut(c.Principal[strings.LastIndexByte(c.Principal, ':')+1:], "/")
	return kind
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

// unassumable tells of a role that nobody can be.
func (l *linter) unassumable(p principal) {
	switch {
	case !strings.Contains(p.ARN, ":role/"):
	case p.Trust == nil:
		l.report(p.Source, p.Position, "unassumable-role", "nobody can be a session of role %q: no credential is, and it has no trust policy", p.ARN)
	default:
		l.report(p.Source, p.Position, "unassumable-role", "nobody can be a session of role %q: no credential is, and its trust policy %s trusts nobody whose tokens can ask for it here", p.ARN, l.onDisk(p.Trust.Source))
	}
}

// isProvider tells whether a trust policy's principal is the provider.
func isProvider(text, provider string) bool {
	return text == provider || strings.HasSuffix(text, ":oidc-provider/"+provider)
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
