package sts

import (
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
)

// The keys of principals alone; what comes with a session, sessions' tests have.
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
		{"nobody", iam.Principal{}, map[string]string{"aws:PrincipalArn": "", "aws:PrincipalAccount": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			iamtest.CheckKeys(t, NewEntities(nil).newCaller(c.principal, attributes{}).Context, c.want)
		})
	}
}
