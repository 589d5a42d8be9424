package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore/config"
)

// unused finds roles that no caller can use and policies that are not attached. It
// ignores roles of an account's authorization-details.json.
func (l *linter) unused() {
	for _, p := range l.contents.Principals {
		if !isExported(p) && !l.isReachable(p) {
			l.unassumableRole(p)
		}
	}
	for _, policy := range l.contents.Policies {
		if !l.attached[policy] && !l.usedAsLimit[beginning(policy)] {
			l.unattachedPolicy(policy)
		}
	}
}

func (l *linter) unassumableRole(p principal) {
	const remedy = "add a credential or a trust policy, or remove the role"
	switch {
	case !strings.Contains(p.ARN, ":role/"):
	case p.Trust == nil:
		l.report(p.Position, "unassumable-role",
			messagef("no caller can use role %q: no credential is bound to it, and it has no trust policy", p.ARN),
			messagef(remedy))
	default:
		l.report(p.Position, "unassumable-role",
			messagef("no caller can use role %q: no credential is bound to it, and no token can assume it by its trust policy %s", p.ARN, l.onDisk(p.Trust.Source.File)),
			messagef(remedy))
	}
}

func (l *linter) unattachedPolicy(policy *iam.Policy) {
	effect := iam.Allow
	if slices.ContainsFunc(policy.Statements, func(s iam.Statement) bool { return s.Effect == iam.Deny }) {
		effect = iam.Deny
	}
	at := beginningOfFile(policy)
	switch {
	case strings.HasPrefix(policy.Source.File, "managed/"):
		l.reportOf(effect, at, "unattached-policy",
			messagef("the policy is not attached to any user or role"),
			messagef("attach it in principals.yaml, or remove the file"))
	case strings.HasPrefix(policy.Source.File, "trust/"):
		l.reportOf(effect, at, "unattached-policy",
			messagef("no role uses this trust policy"),
			messagef("set it as trust of a role in principals.yaml, or remove the file"))
	}
}

// unattachedGroups finds groups without members or policies.
func (c *configLinter) unattachedGroups() {
	for _, group := range c.contents.Configured.Groups {
		at := config.InPrincipals(group.At)
		switch {
		case len(group.Members) == 0:
			c.report(at, "unattached-group", messagef("group %q has no members, so that its policies apply to no user", group.Name.Text), message{})
		case len(group.Policies) == 0:
			c.report(at, "unattached-group", messagef("group %q has no policies, so that it changes nothing for its members", group.Name.Text), message{})
		}
	}
}
