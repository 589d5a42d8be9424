package sts

import (
	"testing"

	"extauthz/iam/iamtest"
)

// member has one account in an organization.
func member(account string) (string, []string, bool) {
	return "o-a1b2c3d4e5", []string{"o-a1b2c3d4e5/r-ab12/"}, account == "123456789012"
}

// Every caller of a member account has the organization's keys, and no other.
func TestCallersOfAnOrganization(t *testing.T) {
	entities := NewEntities(&Organization{Member: member})
	for _, arn := range []string{aliceARN, role + "ci", "arn:aws:iam::999999999999:role/ci"} {
		if err := entities.Add(Entity{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		principal string
		member    bool
	}{
		{aliceARN, true},
		{session + "ci/build", true},
		{"arn:aws:iam::123456789012:root", true},
		{"arn:aws:sts::999999999999:assumed-role/ci/build", false},
		{"arn:aws:iam::999999999999:root", false},
		{"ci.amazonaws.com", false},
	} {
		caller, err := entities.Caller(&CallerSpec{Principal: c.principal})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"aws:PrincipalOrgID": "", "aws:PrincipalOrgPaths": ""}
		if c.member {
			want = map[string]string{"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/"}
		}
		iamtest.CheckKeys(t, caller.Context, want)
	}
	iamtest.CheckKeys(t, entities.Anonymous().Context, map[string]string{"aws:PrincipalOrgID": ""})
}
