package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

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

// unboundControls finds control policies that bind nobody: service control policies
// bind callers and resource control policies registries, where their accounts are
// members of the organization. One finding stands for all policies of a kind.
func (l *linter) unboundControls() {
	owners := map[string]bool{}
	for _, r := range l.registries {
		owners[r.Account] = true
	}
	l.unbound(iam.ServiceControlPolicy, l.inhabited, "no user or role here is of an account in organization.yaml, so that no service control policy binds anybody; add their accounts there, or remove these policies")
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
