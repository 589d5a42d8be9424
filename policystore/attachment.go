package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// attachByID gives each member account the policies of its root, of the units on its
// path, and its own, in this order.
func (all *controls) attachByID(o *Organization, scps, rcps map[string]*controlFolder) error {
	if o == nil {
		folder := all.folders[0]
		return fmt.Errorf("%s: %s does not exist, so it is not known which accounts are below %q; write it, with the path of each account", folder.first(), organizationPath, folder.name)
	}
	below := o.below()
	for _, folder := range all.folders {
		if below[folder.name] == nil {
			return fmt.Errorf("%s: %q is not on the path of any account in %s, so the policy would not be in force; fix the id, add the accounts below it, or remove the folder", folder.first(), folder.name, organizationPath)
		}
		if folder.kind == &serviceControl {
			all.levels = append(all.levels, ControlLevel{folder.name, folder.policies, below[folder.name]})
		}
	}
	all.above.Accounts = map[string]iam.ControlPolicies{}
	for account := range o.paths {
		all.above.Accounts[account] = iam.ControlPolicies{SCPs: o.levelsOf(account, scps), RCPs: o.levelsOf(account, rcps)}
	}
	for _, folder := range all.folders { // an account that is not known has all of them
		if folder.kind == &serviceControl {
			all.above.Default.SCPs = append(all.above.Default.SCPs, folder.policies)
		} else {
			all.above.Default.RCPs = append(all.above.Default.RCPs, folder.policies)
		}
	}
	all.findings = o.withoutSCP(scps)
	return nil
}

// targets are the ids that policies of an account are attached to: its root, the
// units on its path, and the account.
func (o *Organization) targets(account string) []string {
	steps := strings.Split(strings.TrimSuffix(o.paths[account][0], "/"), "/")
	return append(steps[1:], account)
}

// below has the member accounts that have an id on their path, by id.
func (o *Organization) below() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for account := range o.paths {
		for _, id := range o.targets(account) {
			if all[id] == nil {
				all[id] = map[string]bool{}
			}
			all[id][account] = true
		}
	}
	return all
}

// levelsOf returns the policies of one kind on an account's path. What has no folder
// is not a level: it has the policy that AWS attaches to everything, which allows all.
func (o *Organization) levelsOf(account string, folders map[string]*controlFolder) (levels [][]*iam.Policy) {
	for _, id := range o.targets(account) {
		if folder := folders[id]; folder != nil {
			levels = append(levels, folder.policies)
		}
	}
	return levels
}

// withoutSCP finds ids on the paths of accounts for which the directory has no
// service control policy. AWS has at least one for each (AWS Organizations API
// Reference, DetachPolicy): FullAWSAccess, until it is replaced by a restriction.
func (o *Organization) withoutSCP(scps map[string]*controlFolder) diag.List {
	if len(scps) == 0 {
		return nil
	}
	below, missing := o.below(), []string(nil)
	for _, id := range slices.Sorted(maps.Keys(below)) {
		exempt := len(below[id]) == 1 && below[id][o.management]
		if scps[id] == nil && !exempt {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	named := strings.Join(missing[:min(len(missing), 3)], ", ")
	if more := len(missing) - 3; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return diag.List{{Position: diag.File(organizationPath).At(o.accountsAt), Severity: diag.Warning, Code: "assumed-scp",
		Problem: fmt.Sprintf("no folder in organization/scp for %s: each is assumed to have FullAWSAccess alone, as AWS attaches it", named),
		Remedy:  "save the output of aws organizations list-policies-for-target into organization/scp/ID of each, and that of describe-policy for each policy"}}
}
