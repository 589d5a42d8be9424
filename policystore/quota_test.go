package policystore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
)

// A copy of one of AWS's own policies may be longer than the quota for customer
// managed policies (6,144 characters; IAM User Guide, "IAM and AWS STS quotas"): the
// policies ReadOnlyAccess and AWSConfigServiceRolePolicy are, for example.
func TestQuotaOfAWSPolicies(t *testing.T) {
	var actions []string
	for i := range 400 {
		actions = append(actions, fmt.Sprintf(`"service%d:List*","service%d:Get*"`, i, i))
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages",` + strings.Join(actions, ",") + `]}}`
	const attached = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/dev/alice', policies: [%s]}\n"
	for _, c := range []struct {
		name, references string
		tooLarge         bool
	}{
		{"AWS's policy", "'arn:aws:iam::aws:policy/ReadOnlyAccess'", false},
		{"AWS's policy with a path", "'arn:aws:iam::aws:policy/job-function/ReadOnlyAccess'", false},
		{"AWS's policy by both names", "ReadOnlyAccess, 'arn:aws:iam::aws:policy/ReadOnlyAccess'", false},
		{"a policy of the operator", "ReadOnlyAccess", true},
		{"a policy of the account", "'arn:aws:iam::123456789012:policy/ReadOnlyAccess'", true},
		{"a policy that is attached to no principal", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, map[string]string{
				"registries.yaml":             small()["registries.yaml"],
				"principals.yaml":             fmt.Sprintf(attached, c.references),
				"managed/ReadOnlyAccess.json": long,
			})
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range s.Findings {
				found = found || f.Code == "too-large"
			}
			if found != c.tooLarge {
				t.Errorf("too-large is reported: %t, want %t; findings %v", found, c.tooLarge, s.Findings)
			}
		})
	}
}

// AWS has accepted what aws iam get-policy-version prints (IAM API Reference,
// GetPolicyVersion), such as the 91,266 characters of ReadOnlyAccess.
func TestQuotaOfPrintedVersions(t *testing.T) {
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages","` + strings.Repeat("a", 7000) + `:*"]}}`
	for file, tooLarge := range map[string]bool{
		long: true,
		`{"PolicyVersion": {"Document": ` + long + `, "VersionId": "v1", "IsDefaultVersion": true}}`: false,
	} {
		s, err := load(t, withPolicies(map[string]string{"managed/ReadOnlyAccess.json": file}))
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(s.Findings, func(f diag.Diagnostic) bool { return f.Code == "too-large" })
		if found != tooLarge {
			t.Errorf("%.20s: too-large is reported: %t, want %t", file, found, tooLarge)
		}
	}
}

// A policy in an account's authorization is as long as AWS accepted it: the inline
// policies of a role may have 10,240 characters together.
func TestQuotaOfExportedPolicies(t *testing.T) {
	var actions []string
	for i := range 400 {
		actions = append(actions, fmt.Sprintf(`"service%d:List*"`, i))
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages",` + strings.Join(actions, ",") + `]}}`
	role := `{"RoleName":"ci","Path":"/","RoleId":"AROACKCEVSQ6C2EXAMPLE","Arn":"arn:aws:iam::123456789012:role/ci",
		"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}},
		"RolePolicyList":[{"PolicyName":"long","PolicyDocument":` + long + `}],"AttachedManagedPolicies":[]}`
	s, err := load(t, map[string]string{
		"registries.yaml": small()["registries.yaml"],
		"principals.yaml": "credentials:\n- {dns: a.example, principal: 'arn:aws:sts::123456789012:assumed-role/ci/job'}\n",
		"accounts/123456789012/authorization-details.json": `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[` + role + `],"Policies":[],"IsTruncated":false}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Findings {
		if f.Code == "too-large" {
			t.Errorf("finding %s", f)
		}
	}
}
