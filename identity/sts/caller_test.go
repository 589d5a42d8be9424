package sts

import (
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
)

// TestCallerKeys checks the condition keys of principals. Those of sessions have tests
// of their own.
func TestCallerKeys(t *testing.T) {
	for _, c := range []struct {
		name      string
		principal iam.Principal
		want      map[string]string
	}{
		{"user", iam.Principal{Kind: iam.User, ARN: aliceARN, Account: "123456789012"}, map[string]string{
			"aws:PrincipalArn": aliceARN, "aws:PrincipalType": "User", "aws:username": "alice",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "aws:userid": ""}},
		{"role session", iam.Principal{Kind: iam.AssumedRole, ARN: session + "ci/build", Account: "123456789012", RoleARN: role + "team/ci"}, map[string]string{
			"aws:PrincipalArn": role + "team/ci", "aws:PrincipalType": "AssumedRole", "aws:username": "", "aws:MultiFactorAuthPresent": "false",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}},
		{"zero value", iam.Principal{}, map[string]string{"aws:PrincipalArn": "", "aws:PrincipalAccount": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			iamtest.CheckKeys(t, NewEntities(nil, nil).newCaller(c.principal, attributes{}).Context, c.want)
		})
	}
}

// member has one account in an organization.
func member(account string) (string, []string, bool) {
	return "o-a1b2c3d4e5", []string{"o-a1b2c3d4e5/r-ab12/"}, account == "123456789012"
}

// TestCallersOfAnOrganization checks that every caller of a member account has the
// organization's keys, and no other caller has.
func TestCallersOfAnOrganization(t *testing.T) {
	entities := NewEntities(member, nil)
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
