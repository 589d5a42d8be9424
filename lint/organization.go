package lint

import (
	"slices"

	"extauthz/iam"
)

// closedLevels finds levels of the organization whose service control policies
// allow nothing: every level must allow. A unit below which no caller of the
// directory is may be closed.
func (l *linter) closedLevels() {
	for _, level := range l.contents.ControlLevels {
		if len(level.Policies) == 0 || !l.concernsCallers(level.Accounts) || l.grants(level.Policies, allowsLogin) {
			continue
		}
		l.report(level.Policies[0].Source, iam.Position{Line: 1, Column: 1}, "closed-level", "no service control policy of %q allows ecr:GetAuthorizationToken, and every level must allow, so all requests of the accounts below it are denied; add FullAWSAccess", level.Name)
	}
}

// concernsCallers reports whether a user, role or credential belongs to one of the
// accounts; nil is every account.
func (l *linter) concernsCallers(accounts map[string]bool) bool {
	for account := range accounts {
		if l.usedAccounts[account] {
			return true
		}
	}
	return accounts == nil || len(l.usedAccounts) == 0
}

// unboundControls finds control policies that bind nobody: service control policies
// bind callers and resource control policies registries, where their accounts are
// members of the organization. One finding stands for all policies of a kind.
func (l *linter) unboundControls() {
	owners := map[string]bool{}
	for _, r := range l.registries {
		owners[r.Account] = true
	}
	l.unbound(iam.ServiceControlPolicy, l.usedAccounts, "no user or role here is of an account in organization.yaml, so that no service control policy binds anybody; add their accounts there, or remove these policies")
	l.unbound(iam.ResourceControlPolicy, owners, "no registry here is of an account in organization.yaml, so that no resource control policy binds any; add their accounts there, or remove these policies")
}

func (l *linter) unbound(kind iam.Kind, accounts map[string]bool, message string) {
	first := slices.IndexFunc(l.contents.Policies, func(p *iam.Policy) bool { return p.Kind == kind })
	organization := l.registries[0].Organization // the same for all
	if first < 0 || organization == nil || len(accounts) == 0 {
		return
	}
	for account := range accounts {
		if _, _, member := organization.Member(account); member {
			return
		}
	}
	l.report(l.contents.Policies[first].Source, iam.Position{Line: 1, Column: 1}, "unbound-control", "%s", message)
}
