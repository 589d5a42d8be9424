package lint

import (
	"strings"

	"extauthz/iam"
)

// unknownPrincipals finds users, roles and sessions that policies name and that
// nobody here can be.
func (l *linter) unknownPrincipals(d *document, s *statement) {
	for _, p := range s.Principals {
		if p.Type == "AWS" {
			l.unknownPrincipal(d, keeps(s.Statement.Effect, s.NotPrincipal), p.Word)
		}
	}
	if s.covered == 0 {
		return
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Text, "aws:PrincipalArn") || strings.Contains(c.Base, "Like") && !strings.HasPrefix(c.Base, "Arn") {
			continue
		}
		for _, w := range c.Values {
			l.unknownPrincipal(d, keeps(s.Statement.Effect, c.Negated), w)
		}
	}
}

// keeps is what a statement does to those whom it names: it keeps from access those
// whom a Deny names, and those whom an Allow spares.
func keeps(effect iam.Effect, spares bool) iam.Effect {
	if (effect == iam.Deny) != spares {
		return iam.Deny
	}
	return iam.Allow
}

// unknownPrincipal finds one: a mistake where the account has users and roles here;
// where nobody is of it, perhaps one in its id, and perhaps a policy's that speaks of
// more than this directory.
func (l *linter) unknownPrincipal(d *document, effect iam.Effect, w iam.Word) {
	arn, err := iam.ParseARN(w.Text)
	if err != nil || strings.ContainsAny(w.Text, "*?$") || !l.isUnknown(arn) {
		return
	}
	switch {
	case l.accounts[arn.Account]:
		l.report(d.policy.Source, w.Position, "unknown-principal", "%q is not among the principals of this directory; fix the name, or add it", w.Text)
	case !isExportedTrust(d.policy) && l.nobodyIsOf(arn.Account):
		l.reporterOf(effect)(d.policy.Source, w.Position, "unknown-account", "nobody here can be %q, since no principal and no credential is of account %q; fix the account's id, or add whom it means", w.Text, arn.Account)
	}
}

// isUnknown tells of a user, role or session that it is none of the principals'.
func (l *linter) isUnknown(arn iam.ARN) bool {
	switch kind, rest, _ := strings.Cut(arn.Resource, "/"); kind {
	case "assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		arn.Resource = kind + "/" + role
		return !l.known[arn.String()]
	case "user", "role":
		return !l.known[arn.String()]
	}
	return false
}

// nobodyIsOf tells of an account that neither principals and credentials nor the
// organization speak of.
func (l *linter) nobodyIsOf(account string) bool {
	return !l.usedAccounts[account] && !l.registries[0].Organization.Knows(account) // the same for all registries
}

// isExportedTrust tells of trust policies of an account's authorization. Those trust
// whom they do on AWS, and take nothing from this directory by it.
func isExportedTrust(policy *iam.Policy) bool {
	return policy.Kind == iam.TrustPolicy && strings.HasPrefix(policy.Source, "accounts/")
}
