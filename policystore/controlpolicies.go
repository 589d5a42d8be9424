package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// controls are the control policies of the directory.
type controls struct {
	above    *iam.Organization // nil if there are none
	folders  []*controlFolder  // of both kinds
	levels   []ControlLevel    // of service control policies
	findings diag.List
}

// A ControlLevel is what has service control policies of its own: a root, an
// organizational unit or an account or, in a directory of levels, a level.
type ControlLevel struct {
	Name     string          // the id, or the name of the level
	Policies []*iam.Policy   // attached, in the order of files; AWS's own come last
	Accounts map[string]bool // the members below it; nil for every account
}

// loadControls compiles the organization's control policies, and finds those of each
// account.
func loadControls(c *compilation, o *Organization) (*controls, error) {
	scps, err := loadControlFolders(c, &serviceControl)
	if err != nil {
		return nil, err
	}
	rcps, err := loadControlFolders(c, &resourceControl)
	if err != nil || len(scps)+len(rcps) == 0 {
		return &controls{}, err
	}
	all := &controls{above: &iam.Organization{}}
	for _, folders := range []map[string]*controlFolder{scps, rcps} {
		for _, name := range slices.Sorted(maps.Keys(folders)) {
			all.folders = append(all.folders, folders[name])
		}
	}
	if o != nil {
		all.above.ManagementAccount = o.management
	}
	byID, err := all.areByID()
	switch {
	case err != nil:
		return nil, err
	case !byID:
		all.attachLevels(o)
		return all, nil
	}
	return all, all.attachByID(o, scps, rcps)
}

// written are the policies of the directory's own files, in the order of folders.
func (all *controls) written() (policies []*iam.Policy) {
	for _, folder := range all.folders {
		for _, file := range folder.files {
			policies = append(policies, file.policy)
		}
	}
	return policies
}

// areByID reports whether the folders have the ids of AWS Organizations. All have
// them or none: an id that is misspelt must not become a level of every account.
func (all *controls) areByID() (bool, error) {
	var byID, level *controlFolder
	for _, folder := range all.folders {
		switch {
		case isTarget(folder.name):
			byID = folder
		case resemblesTarget(folder.name):
			return false, fmt.Errorf("%s: %q is not the id of a root (r-ab12), organizational unit (ou-ab12-11111111) or account (12 digits); rename the folder", folder.first(), folder.name)
		case level == nil:
			level = folder
		}
	}
	if byID != nil && level != nil {
		return false, fmt.Errorf("%s: folder %q is a level of every account, while %s belongs to one id of AWS Organizations; move its files to organization/%s/ID, where ID is the root, organizational unit or account that they are attached to",
			level.first(), level.name, byID.path(), level.kind.folder)
	}
	return byID != nil, nil
}

// isTarget reports whether a folder is named by the id of a root, an organizational
// unit or an account.
func isTarget(name string) bool {
	return rootID.MatchString(name) || unitID.MatchString(name) || isAccount(name)
}

// resemblesTarget reports whether a name that is not an id seems to be meant as one.
func resemblesTarget(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "r-") || strings.HasPrefix(lower, "ou-") || strings.HasPrefix(lower, "o-") ||
		len(name) > 9 && strings.Trim(name, digits) == ""
}

// attachLevels attaches folders that are levels: in the order of their names, to each
// member of the organization, or to every account if there is no organization.yaml.
func (all *controls) attachLevels(o *Organization) {
	var policies iam.ControlPolicies
	for _, folder := range all.folders {
		if folder.kind == &serviceControl {
			policies.SCPs = append(policies.SCPs, folder.policies)
			all.levels = append(all.levels, ControlLevel{Name: folder.name, Policies: folder.policies})
		} else {
			policies.RCPs = append(policies.RCPs, folder.policies)
		}
	}
	all.above.Default = policies
	if o == nil {
		return
	}
	all.above.Accounts = map[string]iam.ControlPolicies{}
	for account := range o.paths {
		all.above.Accounts[account] = policies
	}
}
