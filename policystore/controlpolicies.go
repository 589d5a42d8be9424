package policystore

import (
	"maps"
	"regexp"
	"slices"

	"extauthz/iam"
)

// controlPolicy is the form of the path of a control policy: kind and level.
var controlPolicy = regexp.MustCompile(`^organization/(scp|rcp)/([A-Za-z0-9+=,.@_-]{1,128})/[A-Za-z0-9+=,.@_-]{1,128}\.json$`)

// loadControlPolicies compiles the organization's control policies. They bind its
// members, and every account where organization.yaml does not tell them. It
// returns nil where there are none.
func loadControlPolicies(c *compilation, o *Organization) (*iam.Organization, error) {
	scps, err := loadLevels(c, "scp", iam.ServiceControlPolicy)
	if err != nil {
		return nil, err
	}
	rcps, err := loadLevels(c, "rcp", iam.ResourceControlPolicy)
	if err != nil || scps == nil && rcps == nil {
		return nil, err
	}
	above := &iam.Organization{SCPs: scps, RCPs: rcps}
	if o != nil {
		above.ManagementAccount = o.management
		above.Members = map[string]bool{}
		for account := range o.paths {
			above.Members[account] = true
		}
	}
	return above, nil
}

// loadLevels compiles the control policies of one kind, level by level in the
// order of their names, the root first.
func loadLevels(c *compilation, folder string, kind iam.Kind) (levels [][]*iam.Policy, err error) {
	byLevel := map[string][]*iam.Policy{}
	for _, file := range c.Paths {
		m := controlPolicy.FindStringSubmatch(file)
		if m == nil || m[1] != folder {
			continue
		}
		policy, err := c.policy(kind, c.wholeFile(file))
		if err != nil {
			return nil, err
		}
		byLevel[m[2]] = append(byLevel[m[2]], policy)
	}
	for _, level := range slices.Sorted(maps.Keys(byLevel)) {
		levels = append(levels, byLevel[level])
	}
	return levels, nil
}
