package decision

import (
	"slices"

	"extauthz/iam"
)

// An organization is the control policies of a snapshot, together with the
// condition keys that those of each account mention.
type organization struct {
	policies         *iam.Organization   // nil if there is none
	scpKeys, rcpKeys map[string][]string // by account; "" has those of the default
}

func newOrganization(o *iam.Organization) organization {
	all := organization{policies: o, scpKeys: map[string][]string{}, rcpKeys: map[string][]string{}}
	if o == nil {
		return all
	}
	all.note("", o.Default)
	for account, policies := range o.Accounts {
		all.note(account, policies)
	}
	return all
}

func (o *organization) note(account string, policies iam.ControlPolicies) {
	o.scpKeys[account] = keysOf(slices.Concat(policies.SCPs...))
	o.rcpKeys[account] = keysOf(slices.Concat(policies.RCPs...))
}

// bind puts the control policies for a request between two accounts in play.
func (o *organization) bind(in *inPlay, caller, owner string) {
	o.policies.Bind(&in.above, caller, owner)
	listed, _ := o.policies.Of(caller)
	in.scpKeys = o.scpKeys[listed]
	listed, _ = o.policies.Of(owner)
	in.rcpKeys = o.rcpKeys[listed]
}
