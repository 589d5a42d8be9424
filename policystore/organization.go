package policystore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
)

const (
	organizationPath          = config.OrganizationPath
	describedOrganizationPath = config.DescribedOrganizationPath
)

// loadOrganization reads organization.yaml and the output of aws organizations
// describe-organization. It returns nil without organization.yaml, and false if one of the
// two has a fault.
func (c *compiler) loadOrganization() (o *config.Organization, ok bool) {
	ok = true
	var described awsexport.OrganizationDescription
	if c.Has(describedOrganizationPath) {
		var err error
		if !c.skips(describedOrganizationPath) {
			described, err = awsexport.ReadOrganization(describedOrganizationPath, c.Text(describedOrganizationPath))
		}
		ok = !c.unusable[describedOrganizationPath] && !c.report(err)
	}
	switch {
	case c.skips(organizationPath):
		return nil, false
	case c.Has(organizationPath):
		o, err := config.ParseOrganization(c.Text(organizationPath), described)
		if c.report(err) || !ok {
			return nil, false
		}
		return o, true
	case c.Has(describedOrganizationPath):
		c.report(fault(describedOrganizationPath, fmt.Sprintf("%s does not exist, and this output does not list the accounts", organizationPath), "write it, with the path of each account"))
		return nil, false
	}
	return nil, ok
}

// checkAccounts returns an error about each account of the directory that organization.yaml
// lists neither as a member nor as outside, if the organization has control policies: an
// account that is misspelled in organization.yaml would not be subject to them.
func checkAccounts(o *config.Organization, controls *controls, all *config.Registries, from *sources, who *principals, callers *callers) error {
	if o == nil || controls.above == nil {
		return nil
	}
	var faults diag.Faults
	seen := map[string]bool{}
	check := func(at diag.Position, account string) {
		if !o.Lists(account) && !seen[account] {
			faults.Add(diag.New(at, fmt.Sprintf("account %q is not in %s, so it would not be subject to any control policy", account, organizationPath), "add it to accounts there, or to outside if it is not a member"))
			seen[account] = true
		}
	}
	byName := func(a, b *config.RegistrySettings) int { return cmp.Compare(a.Name, b.Name) }
	for _, r := range slices.SortedFunc(slices.Values(all.List), byName) {
		check(r.AccountAt, r.Account)
	}
	for _, a := range from.accounts.list {
		check(diag.File(a.File).At(diag.Point{}), a.Account)
	}
	for _, arn := range slices.Sorted(maps.Keys(who.positions)) {
		check(who.positions[arn], who.entities.Find(arn).ParsedARN().Account)
	}
	for _, c := range callers.credentials {
		if iam.IsAccount(c.account.Account) {
			check(c.Position, c.account.Account)
		}
	}
	return faults.Err()
}
