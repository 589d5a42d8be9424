package iam

// An Organization is the control policies of an AWS organization, and whom they
// bind (AWS Organizations User Guide, "Authorization policies"). The nil
// Organization binds nobody.
type Organization struct {
	// SCPs and RCPs are lists for each level, root first; at every level of SCPs
	// a policy must allow.
	SCPs, RCPs [][]*Policy
	// ManagementAccount is exempt from both; "" if it is not known.
	ManagementAccount string
	// Members are the accounts that the policies bind; nil binds every account.
	Members map[string]bool
}

// Bind puts into p what the organization has for a request between two accounts:
// the SCPs of the caller's and the RCPs of the resource's. An account that is
// not known ("") is bound.
func (o *Organization) Bind(p *Policies, caller, resource string) {
	if o == nil {
		return
	}
	p.ManagementAccount = o.ManagementAccount
	if o.binds(caller) {
		p.SCPs = o.SCPs
	}
	if o.binds(resource) {
		p.RCPs = o.RCPs
	}
}

func (o *Organization) binds(account string) bool {
	return o.Members == nil || account == "" || o.Members[account]
}
