package identity

import (
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/sts"
)

// member has one account in an organization.
func member(account string) (string, []string, bool) {
	return "o-a1b2c3d4e5", []string{"o-a1b2c3d4e5/r-ab12/"}, account == "123456789012"
}

// What a trust policy, an identity policy or a control policy denies by the role's
// tags or by the organization of either side is denied.
func TestAssumingSeesTheRoleAndTheOrganization(t *testing.T) {
	const (
		deny  = `{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":`
		limit = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/stage":"prod"}}}}`
	)
	for _, c := range []struct {
		name, condition string // of a Deny in the trust policy
		web, chain      bool   // whether a token, and whether alice, assumes the role all the same
	}{
		{"a tag of the role", `{"StringEquals":{"aws:ResourceTag/stage":"prod"}}`, false, false},
		{"the same in IAM's key", `{"StringEquals":{"iam:ResourceTag/Stage":"prod"}}`, false, false},
		{"another value", `{"StringEquals":{"aws:ResourceTag/stage":"test"}}`, true, true},
		{"the role's organization", `{"StringEquals":{"aws:ResourceOrgID":"o-a1b2c3d4e5"}}`, false, false},
		{"its paths", `{"ForAnyValue:StringLike":{"aws:ResourceOrgPaths":"o-a1b2c3d4e5/*"}}`, false, false},
		{"the caller's organization, which a token has none of", `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, true, false},
		{"its paths, which a token has none of", `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}`, true, false},
		{"a control policy", limit, false, false},
	} {
		for _, bound := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				controls, statement := (*iam.Organization)(nil), deny+c.condition+`},`
				if c.condition == limit {
					controls, statement = &iam.Organization{Default: iam.ControlPolicies{RCPs: [][]*iam.Policy{{iamtest.Policy(t, iam.ResourceControlPolicy, limit)}}}}, ""
				}
				web := iamtest.Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[`+statement+`
					{"Effect":"Allow","Principal":{"Federated":"`+gitlabProvider+`","AWS":"`+aliceARN+`"},"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]}]}`)
				w := principals{
					membership: member,
					controls:   controls,
					entities:   []sts.Entity{{ARN: aliceARN}, {ARN: role + "deploy", Trust: web, Tags: []sts.Tag{{Key: "stage", Value: "prod"}}}},
					issuers:    []Issuer{{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t)}},
				}
				allowed := c.web
				if bound {
					allowed, w.bindings = c.chain, []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "job"}, Principal: aliceARN}}
				}
				caller, f := authenticate(t, w.build(t), config(), Credentials{Authorization: basicHeader("123456789012/deploy", signerAt(gitlabURL).token(t, nil))})
				if allowed {
					want{arn: session + "deploy/gitlab"}.check(t, caller, f)
				} else {
					want{reason: "is not authorized to perform: sts:AssumeRole"}.check(t, caller, f)
				}
			})
		}
	}
}
