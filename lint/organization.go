package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/config"
)

// organization checks the control policies of the organization.
func (l *linter) organization() {
	l.closedLevels()
	l.unboundControls()
}

// closedLevels finds levels of the organization whose service control policies allow
// nothing, because every level must allow a request. A unit without callers of the
// directory may be closed.
func (l *linter) closedLevels() {
	for _, level := range l.contents.ControlLevels {
		if len(level.Policies) == 0 || !l.hasCallers(level.Accounts) || l.anyAllow(level.Policies, allowsLogin) {
			continue
		}
		l.report(beginningOfFile(level.Policies[0]), "closed-level",
			messagef("no service control policy of %q allows ecr:GetAuthorizationToken, so all requests from the accounts below it are denied", level.Name),
			messagef("add FullAWSAccess: every level must allow an action"))
	}
}

// hasCallers reports whether a user, role or credential belongs to one of the accounts;
// nil means every account.
func (l *linter) hasCallers(accounts map[string]bool) bool {
	for account := range accounts {
		if l.callerAccounts[account] {
			return true
		}
	}
	return accounts == nil || len(l.callerAccounts) == 0
}

// unboundControls finds control policies that apply to no account of the directory.
// Service control policies limit callers, and resource control policies registries, in
// the member accounts of the organization. There is one finding for all policies of a
// kind.
func (l *linter) unboundControls() {
	owners := map[string]bool{}
	for _, r := range l.registries {
		owners[r.Account] = true
	}
	l.unboundControl(iam.ServiceControlPolicy, l.callerAccounts,
		messagef("organization.yaml lists no account of a user or role here, so the service control policies have no effect"))
	l.unboundControl(iam.ResourceControlPolicy, owners,
		messagef("organization.yaml lists no account of a registry here, so the resource control policies have no effect"))
}

func (l *linter) unboundControl(kind iam.Kind, accounts map[string]bool, problem message) {
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
	l.report(beginningOfFile(l.contents.Policies[first]), "unbound-control", problem, messagef("add their accounts to organization.yaml, or remove the policies"))
}

// beginningOfFile returns the first position of a policy's file.
func beginningOfFile(policy *iam.Policy) diag.Position {
	return policy.Source.At(diag.Point{Line: 1, Column: 1})
}

// missingLevels finds ids on the paths of accounts without a service control policy. AWS
// has at least one for each (AWS Organizations API Reference, DetachPolicy): FullAWSAccess,
// until a restriction replaces it.
func (c *configLinter) missingLevels() {
	o, levels := c.contents.Organization, c.contents.ControlLevels
	if o == nil || len(levels) == 0 || !config.IsTarget(levels[0].Name) {
		return
	}
	has := map[string]bool{}
	for _, level := range levels {
		has[level.Name] = true
	}
	below, missing := o.Below(), []string(nil)
	for _, id := range slices.Sorted(maps.Keys(below)) {
		isExempt := len(below[id]) == 1 && below[id][o.ManagementAccount]
		if !isExempt && !has[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return
	}
	named := strings.Join(missing[:min(len(missing), 3)], ", ")
	if more := len(missing) - 3; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	c.report(o.AccountsAt, "assumed-scp",
		messagef("no folder in organization/scp for %s: each is assumed to have FullAWSAccess alone, as AWS attaches it", named),
		messagef("save the output of aws organizations list-policies-for-target into organization/scp/ID of each, and that of describe-policy for each policy"))
}
