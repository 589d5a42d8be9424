package sts

import "extauthz/iam"

// An Organization is the AWS organization that accounts are members of. The nil
// Organization has no members and forbids nothing.
type Organization struct {
	// Member returns the organization's id and the account's paths in it, as
	// condition keys have them; false for an account that is no member.
	Member func(account string) (id string, paths []string, member bool)
	// Above has the control policies, which bind who assumes roles too; nil where
	// there are none.
	Above *iam.Organization
}

// principalKeys are the condition keys that an account's principals bring (IAM
// User Guide, "AWS global condition context keys").
func (o *Organization) principalKeys(account string) iam.Context {
	return o.keys(account, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
}

// resourceKeys are those of an account's roles, when they are to be assumed.
func (o *Organization) resourceKeys(account string) iam.Context {
	return o.keys(account, "aws:ResourceOrgID", "aws:ResourceOrgPaths")
}

func (o *Organization) keys(account, id, paths string) iam.Context {
	if o == nil || o.Member == nil || account == "" {
		return nil
	}
	organization, path, member := o.Member(account)
	if !member {
		return nil
	}
	return iam.Context{{Key: id, Value: organization}, {Key: paths, Values: path, Multi: true}}
}

// bind adds to p the control policies for a request of one account to another's
// role.
func (o *Organization) bind(p *iam.Policies, caller, role string) {
	if o != nil {
		o.Above.Bind(p, caller, role)
	}
}
