package iam

// OrganizationPolicies are the control policies of an AWS organization, by the accounts
// that they apply to (AWS Organizations User Guide, "Authorization policies"). The
// nil OrganizationPolicies has no policies.
type OrganizationPolicies struct {
	// Accounts has the policies of each member account. An account that is not in
	// it is not a member, and no policy applies to it. If Accounts is nil, Default
	// applies to every account.
	Accounts map[string]ControlPolicies
	// Default applies to an account that is not known (""), and to every account if
	// Accounts is nil.
	Default ControlPolicies
	// ManagementAccount is exempt from both kinds; "" if unknown.
	ManagementAccount string
}

// ControlPolicies are the policies on an account's path in the organization: a list
// for each level, the root first and the account last. At every level of SCPs a
// policy must allow (AWS Organizations User Guide, "SCP evaluation").
type ControlPolicies struct {
	SCPs, RCPs [][]*Policy
}

// Of returns the policies that apply to an account, and the account by which they
// are listed: "" means Default.
func (o *OrganizationPolicies) Of(account string) (listed string, policies ControlPolicies) {
	switch {
	case o == nil:
		return "", ControlPolicies{}
	case account == "" || o.Accounts == nil:
		return "", o.Default
	}
	return account, o.Accounts[account]
}

// Bind sets p's SCPs (from the caller's account), RCPs (from the resource's account) and
// management account.
func (o *OrganizationPolicies) Bind(p *Policies, caller, resource string) {
	if o == nil {
		return
	}
	_, ofCaller := o.Of(caller)
	_, ofResource := o.Of(resource)
	p.ManagementAccount, p.SCPs, p.RCPs = o.ManagementAccount, ofCaller.SCPs, ofResource.RCPs
}
