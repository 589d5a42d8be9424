package lint

import (
	"strings"
	"testing"
)

// TestUnknownAccounts checks that principals of an account without callers are reported,
// with a severity that depends on the effect of the statement on them.
func TestUnknownAccounts(t *testing.T) {
	const (
		eve      = "arn:aws:iam::444455556666:user/eve"
		denyIf   = `{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{`
		allowIf  = `{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"123456789012"},"Condition":{`
		people   = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"
		alice    = "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n"
		members  = "id: o-a1b2c3d4e5\naccounts:\n  '123456789012': o-a1b2c3d4e5/r-ab12/\n"
		exported = `{"UserDetailList":[],"GroupDetailList":[],"Policies":[],"RoleDetailList":[{"Path":"/","RoleName":"ci","RoleId":"AROA000000000000CI001","Arn":"arn:aws:iam::123456789012:role/ci",
			"AttachedManagedPolicies":[],"InstanceProfileList":[],"Tags":[],
			"RolePolicyList":[{"PolicyName":"all","PolicyDocument":{"Version":"2012-10-17","Statement":[` + loginStatement + `,{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `}]}}],
			"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + eve + `"}}}}]}`
	)
	of := func(effect, who string) map[string]string {
		return repository(`{"Effect":"` + effect + `",` + pullOn + `,"Principal":{"AWS":"` + who + `"}}`)
	}
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string // the severity; "" for no finding
	}{
		{"a user is allowed", of("Allow", eve), "suggestion"},
		{"a user is denied", of("Deny", eve), "warning"},
		{"a role is denied", of("Deny", "arn:aws:iam::444455556666:role/team/ci"), "warning"},
		{"a session is denied", of("Deny", "arn:aws:sts::444455556666:assumed-role/ci/job"), "warning"},
		{"a whole account is denied", of("Deny", "arn:aws:iam::444455556666:root"), ""},
		{"a whole account is denied by its id", of("Deny", "444455556666"), ""},
		{"everyone except a user is denied", repository(`{"Effect":"Deny","Action":"ecr:*","NotPrincipal":{"AWS":"` + eve + `"}}`), "suggestion"},
		{"a user is denied by a condition", repository(denyIf + `"ArnEquals":{"aws:PrincipalArn":"` + eve + `"}}}`), "warning"},
		{"a user is excepted from a Deny", repository(denyIf + `"ArnNotEquals":{"aws:PrincipalArn":"` + eve + `"}}}`), "suggestion"},
		{"a user is allowed by a condition", repository(allowIf + `"ArnEquals":{"aws:PrincipalArn":"` + eve + `"}}}`), "suggestion"},
		{"a user is excepted from an Allow", repository(allowIf + `"ArnNotEquals":{"aws:PrincipalArn":"` + eve + `"}}}`), "warning"},
		{"a pattern of users", repository(denyIf + `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:user/*"}}}`), ""},
		{"a member of the organization", and(of("Deny", eve), "organization.yaml", members+"  '444455556666': o-a1b2c3d4e5/r-ab12/\n"), ""},
		{"an account outside of the organization", and(of("Deny", eve), "organization.yaml", members+"outside: ['444455556666']\n"), ""},
		{"an account that the organization does not list", and(of("Deny", eve), "organization.yaml", members), "warning"},
		{"the account of a credential", and(of("Deny", eve), "principals.yaml", alice+"- {dns: a.example, principal: 'arn:aws:iam::444455556666:root'}\n"+people), ""},
		{"a user that an exported role trusts", and(map[string]string{"principals.yaml": github + alice + people}, "accounts/123456789012/authorization-details.json", exported), ""},
		{"a user that a role trusts", and(map[string]string{"principals.yaml": github + alice + people + "- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"},
			"trust/ci.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"`+eve+`"}}}`), "suggestion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := check(t, c.changes)
			got := ""
			for _, f := range findings {
				if f.Code == "unknown-account" {
					got = f.Severity.String()
				}
			}
			if got != c.want || strings.Contains(strings.Join(codes(findings), " "), "unloadable") {
				t.Errorf("severity %q, want %q: %v", got, c.want, findings)
			}
		})
	}
}
