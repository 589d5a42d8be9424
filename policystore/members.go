package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/iam"
)

// checkAccounts refuses a directory some account of which is neither a member of
// the organization nor named as standing outside it, where the organization has
// control policies: a misspelt account in organization.yaml would lift all of them.
func (o *Organization) checkAccounts(above *iam.Organization, all registries, from *sources, who *principals) error {
	if o == nil || above == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if account := all[name].Account; !o.Knows(account) {
			return errStranger("registries.yaml", account)
		}
	}
	for _, a := range from.exported {
		if !o.Knows(a.account) {
			return errStranger(a.file, a.account)
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(who.written.places)) {
		if account := accountOf(arn).Account; !o.Knows(account) {
			return errStranger(who.written.places[arn].String(), account)
		}
	}
	for _, c := range who.written.credentials {
		if account := accountOf(c.Principal).Account; isAccount(account) && !o.Knows(account) {
			return errStranger(c.Position.String(), account)
		}
	}
	return nil
}

// Knows tells whether the organization says of an account that it is a member or
// that it stands outside. No organization says anything.
func (o *Organization) Knows(account string) bool {
	return o != nil && (o.paths[account] != nil || o.outside[account])
}

func errStranger(place, account string) error {
	return fmt.Errorf("%s: account %q is not in %s, so that no control policy would bind it; add it to accounts there, or to outside if it is no member", place, account, organizationPath)
}

// text is the place as messages begin with it.
