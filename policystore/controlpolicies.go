package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/config"
)

// controls are the control policies of the directory.
type controls struct {
	above   *iam.OrganizationPolicies // nil if there are none
	folders []*controlFolder          // of both kinds
	levels  []ControlLevel            // of service control policies
}

// A ControlLevel is a root, an organizational unit or an account with service control
// policies or, in a directory of levels, a level.
type ControlLevel struct {
	Name     string          // the id, or the name of the level
	Policies []*iam.Policy   // attached, in the order of files; AWS's own come last
	Accounts map[string]bool // the members below it; nil for every account
}

// loadControls compiles the organization's control policies, and assigns them to
// accounts. o is nil without organization.yaml. isKnown is false if it may be missing because
// of a fault.
func (c *compiler) loadControls(o *config.Organization, isKnown bool) *controls {
	scps, rcps := c.loadControlFolders(&serviceControl), c.loadControlFolders(&resourceControl)
	if len(scps)+len(rcps) == 0 {
		return &controls{}
	}
	folders := append(inOrder(scps), inOrder(rcps)...)
	byID, err := areByID(folders)
	switch {
	case c.report(err) || !isKnown:
		return &controls{above: &iam.OrganizationPolicies{}, folders: folders}
	case byID:
		c.report(checkTargets(o, folders))
		return controlsByID(o, folders, scps, rcps)
	}
	return controlsOfLevels(o, folders)
}

// inOrder returns folders in the order of their names.
func inOrder(folders map[string]*controlFolder) (all []*controlFolder) {
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		all = append(all, folders[name])
	}
	return all
}

// written returns the policies of the directory's files, in the order of folders.
func (all *controls) written() (policies []*iam.Policy) {
	for _, folder := range all.folders {
		for _, file := range folder.files {
			policies = append(policies, file.policy.Policy)
		}
	}
	return policies
}

// areByID reports whether the names of folders are ids of AWS Organizations. All are or
// none: a misspelled id must not become a level of every account.
func areByID(folders []*controlFolder) (bool, error) {
	var byID, level *controlFolder
	var faults diag.Faults
	for _, folder := range folders {
		switch {
		case config.IsTarget(folder.name):
			byID = folder
		case resemblesTarget(folder.name):
			faults.Add(fault(folder.first, fmt.Sprintf("%q is not the id of a root (r-ab12), organizational unit (ou-ab12-11111111) or account (12 digits)", folder.name), "rename the folder"))
		case level == nil:
			level = folder
		}
	}
	if faults.Err() == nil && byID != nil && level != nil {
		faults.Add(fault(level.first, fmt.Sprintf("folder %q is a level of every account, while %s belongs to one id of AWS Organizations", level.name, byID.path()),
			fmt.Sprintf("move its files to organization/%s/ID, where ID is the root, organizational unit or account that they are attached to", level.kind.folder)))
	}
	return byID != nil, faults.Err()
}

// resemblesTarget reports whether a name that is not an id seems to be meant as one.
func resemblesTarget(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "r-") || strings.HasPrefix(lower, "ou-") || strings.HasPrefix(lower, "o-") ||
		len(name) > 9 && strings.Trim(name, digits) == ""
}

// controlsOfLevels returns the policies of folders that are levels, in the order of their
// names: they apply to each member of the organization, or to every account without
// organization.yaml.
func controlsOfLevels(o *config.Organization, folders []*controlFolder) *controls {
	policies := byKind(folders)
	all := &controls{folders: folders, above: &iam.OrganizationPolicies{Default: policies}}
	for _, folder := range folders {
		if folder.kind == &serviceControl {
			all.levels = append(all.levels, ControlLevel{Name: folder.name, Policies: folder.policies})
		}
	}
	if o == nil {
		return all
	}
	all.above.ManagementAccount, all.above.Accounts = o.ManagementAccount, map[string]iam.ControlPolicies{}
	for _, account := range o.Accounts() {
		all.above.Accounts[account] = policies
	}
	return all
}

// byKind returns the policies of folders, as levels of each kind.
func byKind(folders []*controlFolder) (policies iam.ControlPolicies) {
	for _, folder := range folders {
		if folder.kind == &serviceControl {
			policies.SCPs = append(policies.SCPs, folder.policies)
		} else {
			policies.RCPs = append(policies.RCPs, folder.policies)
		}
	}
	return policies
}

// checkTargets returns an error about folders whose id is not on the path of any account.
func checkTargets(o *config.Organization, folders []*controlFolder) error {
	if o == nil {
		return fault(folders[0].first, fmt.Sprintf("%s does not exist, so the accounts below %q are unknown", organizationPath, folders[0].name), "write it, with the path of each account")
	}
	var faults diag.Faults
	below := o.Below()
	for _, folder := range folders {
		if below[folder.name] == nil {
			faults.Add(fault(folder.first, fmt.Sprintf("%q is not on the path of any account in %s, so the policy would have no effect", folder.name, organizationPath), "fix the id, add the accounts below it, or remove the folder"))
		}
	}
	return faults.Err()
}

// controlsByID gives each member account the policies of its root, of the units on its
// path, and its own, in this order. An unknown account has all policies.
func controlsByID(o *config.Organization, folders []*controlFolder, scps, rcps map[string]*controlFolder) *controls {
	all := &controls{folders: folders, above: &iam.OrganizationPolicies{Default: byKind(folders)}}
	if o == nil {
		return all
	}
	below := o.Below()
	for _, folder := range folders {
		if folder.kind == &serviceControl {
			all.levels = append(all.levels, ControlLevel{folder.name, folder.policies, below[folder.name]})
		}
	}
	all.above.ManagementAccount, all.above.Accounts = o.ManagementAccount, map[string]iam.ControlPolicies{}
	for _, account := range o.Accounts() {
		all.above.Accounts[account] = iam.ControlPolicies{SCPs: levelsOf(o, account, scps), RCPs: levelsOf(o, account, rcps)}
	}
	return all
}

// levelsOf returns the policies of one kind on an account's path. An id without a folder
// is not a level: it has the policy that AWS attaches to everything, which allows all.
func levelsOf(o *config.Organization, account string, folders map[string]*controlFolder) (levels [][]*iam.Policy) {
	for _, id := range o.Targets(account) {
		if folder := folders[id]; folder != nil {
			levels = append(levels, folder.policies)
		}
	}
	return levels
}
