package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// principals checks Principal and NotPrincipal, and conditions on aws:PrincipalArn.
func (l *linter) principals(d *document, s *statement) {
	l.notPrincipal(d, s)
	l.anyPrincipal(d, s)
	l.anonymousWrite(d, s)
	l.ownAccount(d, s)
	l.unknownPrincipals(d, s)
}

// notPrincipal finds a Deny with NotPrincipal. An Allow with NotPrincipal does not load.
func (l *linter) notPrincipal(d *document, s *statement) {
	if s.NotPrincipal && len(s.Principals) > 0 {
		l.report(d.at(s.Principals[0].At), "not-principal",
			messagef("this Deny with NotPrincipal exempts a user only if it lists the account and the user, and a session only if it lists the account, the role and the session. A caller with a permissions boundary is never exempt"),
			messagef("deny \"*\" with a condition such as ArnNotEquals on aws:PrincipalArn"))
	}
}

// anyPrincipal finds Allows for everyone that no condition limits.
func (l *linter) anyPrincipal(d *document, s *statement) {
	everyone := s.everyone()
	if everyone == nil || !d.allows(s) || slices.ContainsFunc(s.Conditions, s.limitsCallers) {
		return
	}
	l.report(d.at(everyone.At), "any-principal",
		messagef("this Allow applies to everyone, in every account"),
		messagef("list principals, or add a condition such as StringEquals on aws:PrincipalOrgID"))
}

// limitsCallers reports whether a condition limits the callers: it requires a property
// of the caller or of the network, and not just any value.
func (s *statement) limitsCallers(c condition) bool {
	key := strings.ToLower(c.Key.Text)
	limits := isOfCaller(key) || slices.Contains([]string{
		"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcearn", "aws:sourceaccount",
		"aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid", "aws:federatedprovider",
	}, key)
	return limits && s.requires(c) && !slices.ContainsFunc(c.Values, func(e iam.Entry) bool {
		return strings.Trim(e.Text, "*") == "" || e.Text == "0.0.0.0/0" || e.Text == "::/0"
	})
}

// isOfCaller reports whether a key, in lower case, is a property that only callers with
// a credential have.
func isOfCaller(key string) bool {
	return strings.HasPrefix(key, "aws:principal") || key == "aws:userid" || key == "aws:username" || key == "aws:sourceidentity"
}

// anonymousWrite finds repository and registry policies that allow callers without a
// credential to write, if the registry serves such callers.
func (l *linter) anonymousWrite(d *document, s *statement) {
	everyone := s.everyone()
	if everyone == nil || !d.allows(s) || s.covered&writes == 0 || !l.servesAnonymous(d.policy) {
		return
	}
	for _, c := range s.Conditions {
		if isOfCaller(strings.ToLower(c.Key.Text)) && s.requires(c) {
			return
		}
	}
	l.report(d.at(everyone.At), "anonymous-write",
		messagef("the registry accepts anonymous callers, and this Allow permits them %s", strings.Join((s.covered&writes).names(), ", ")),
		messagef("list the principals that may write"))
}

// servesAnonymous reports whether a registry that the policy applies to serves
// anonymous callers.
func (l *linter) servesAnonymous(policy *iam.Policy) bool {
	for _, r := range l.registries {
		if r.Authentication.Anonymous && strings.HasPrefix(policy.Source.File, "accounts/"+r.Account+"/"+r.Region+"/") {
			return true
		}
	}
	return false
}

// ownAccount finds Allows of repository and registry policies for the account that
// owns the registry. Such an entry leaves the decision to the identity policies of the
// account's users and roles, which could allow the same without it (IAM User Guide,
// "AWS JSON policy elements: Principal", AWS account principals).
func (l *linter) ownAccount(d *document, s *statement) {
	own, _, isOfAccount := strings.Cut(strings.TrimPrefix(d.policy.Source.File, "accounts/"), "/")
	if !isOfAccount || !d.isResourceBased() || s.Statement.Effect != iam.Allow || s.NotPrincipal || s.covered == 0 {
		return
	}
	for _, p := range s.Principals {
		if p.Type == "AWS" && isAccount(p.Text, own) {
			l.report(d.at(p.At), "own-account",
				messagef("%q is the account that owns the registry, so this Allow has no effect by itself: its users and roles still need an Allow in their identity policies, and that one suffices", p.Text),
				messagef("list users or roles, or remove the entry"))
		}
	}
}

// isAccount reports whether a principal of a policy is the account as a whole, by its
// id or the ARN of its root user.
func isAccount(principal, account string) bool {
	arn, err := iam.ParseARN(principal)
	return principal == account || err == nil && arn.Service == "iam" && arn.Account == account && arn.Resource == "root"
}

// unknownPrincipals finds users, roles and sessions in policies that no caller here can
// be.
func (l *linter) unknownPrincipals(d *document, s *statement) {
	for _, p := range s.Principals {
		if p.Type == "AWS" {
			l.unknownPrincipal(d, effectOn(s.Statement.Effect, s.NotPrincipal), p.Entry)
		}
	}
	if s.covered == 0 {
		return
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Text, "aws:PrincipalArn") || strings.Contains(c.Base, "Like") && !strings.HasPrefix(c.Base, "Arn") {
			continue
		}
		for _, e := range c.Values {
			l.unknownPrincipal(d, effectOn(s.Statement.Effect, c.Negated), e)
		}
	}
}

// effectOn returns the effect that a statement has on the principals that it lists. With
// excepts, the statement applies to all other principals.
func effectOn(effect iam.Effect, excepts bool) iam.Effect {
	if (effect == iam.Deny) != excepts {
		return iam.Deny
	}
	return iam.Allow
}

// unknownPrincipal finds one unknown principal. In an account that has users and roles
// here, it is a mistake. In another account, its id may be wrong, or the policy may
// apply to more than this directory.
func (l *linter) unknownPrincipal(d *document, effect iam.Effect, e iam.Entry) {
	arn, err := iam.ParseARN(e.Text)
	if err != nil || strings.ContainsAny(e.Text, "*?$") || !l.isUnknown(arn) {
		return
	}
	switch {
	case l.principalAccounts[arn.Account]:
		l.report(d.at(e.At), "unknown-principal",
			messagef("%q is not one of the principals of this directory", e.Text),
			messagef("correct the name, or add the principal"))
	case !isExportedTrust(d.policy) && l.isUnknownAccount(arn.Account):
		l.reportOf(effect, d.at(e.At), "unknown-account",
			messagef("no caller here can be %q, because no principal and no credential belongs to account %q", e.Text, arn.Account),
			messagef("correct the account's id, or add the principal"))
	}
}

// isUnknown reports whether a user, role or session is not one of the principals.
func (l *linter) isUnknown(arn iam.ARN) bool {
	switch kind, rest, _ := strings.Cut(arn.Resource, "/"); kind {
	case "assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		arn.Resource = kind + "/" + role
		return !l.principalARNs[arn.String()]
	case "user", "role":
		return !l.principalARNs[arn.String()]
	}
	return false
}

// isUnknownAccount reports whether neither principals and credentials nor the
// organization mention an account.
func (l *linter) isUnknownAccount(account string) bool {
	return !l.callerAccounts[account] && !l.registries[0].Organization.Lists(account) // the same for all registries
}

// isExportedTrust reports whether a trust policy comes from an account's
// authorization-details.json. It was written for AWS, and grants nothing here.
func isExportedTrust(policy *iam.Policy) bool {
	return policy.Kind == iam.TrustPolicy && strings.HasPrefix(policy.Source.File, "accounts/")
}

// deletedPrincipals finds ids instead of ARNs.
func (i *inspection) deletedPrincipals(s *iam.StatementSyntax) {
	for _, p := range s.Principals {
		if p.Type == "CanonicalUser" || p.Type == "AWS" && iam.IsUniqueID(p.Text) {
			i.reportAt(p.At, "deleted-principal",
				messagef("principal %q is an id that does not match any caller, as AWS shows after a user or role is deleted", p.Text), message{})
		}
	}
}
