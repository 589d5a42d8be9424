package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
)

// checkAccounts returns an error about each account of the directory that organization.yaml
// lists neither as a member nor as outside, if the organization has control policies: none
// of them would bind an account that is misspelled in organization.yaml.
func (o *Organization) checkAccounts(above *iam.Organization, all registries, from *sources, who *principals) error {
	if o == nil || above == nil {
		return nil
	}
	var faults diag.Faults
	seen := map[string]bool{}
	check := func(at diag.Position, account string) {
		if !o.Knows(account) && !seen[account] {
			faults.Add(diag.New(at, fmt.Sprintf("account %q is not in %s, so that no control policy would bind it", account, organizationPath), "add it to accounts there, or to outside if it is not a member"))
			seen[account] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		check(diag.File(registriesPath).At(diag.Point{}), all[name].Account)
	}
	for _, a := range from.accounts {
		check(diag.File(a.File).At(diag.Point{}), a.Account)
	}
	for _, arn := range slices.Sorted(maps.Keys(who.written.places)) {
		check(who.written.places[arn], accountOf(arn).Account)
	}
	for _, c := range who.written.credentials {
		if account := accountOf(c.Principal).Account; isAccount(account) {
			check(c.Position, account)
		}
	}
	return faults.Err()
}

// Knows reports whether organization.yaml lists an account, as a member or as outside. The
// nil Organization lists none.
func (o *Organization) Knows(account string) bool {
	return o != nil && (o.paths[account] != nil || o.outside[account])
}
