package policystore

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

// version is the output of aws iam get-policy-version.
const version = `{
    "PolicyVersion": {
        "Document": {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "pull", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}]
        },
        "VersionId": "v3",
        "IsDefaultVersion": true,
        "CreateDate": "2026-02-03T09:30:00+00:00"
    }
}
`

// TestPolicyVersion checks that a managed policy can be the output of aws iam
// get-policy-version (IAM API Reference, PolicyVersion). The API returns the document
// URL-encoded, and the AWS CLI prints it as an object.
func TestPolicyVersion(t *testing.T) {
	const file = "managed/pull.json"
	encoded := `{"PolicyVersion": {"Document": "` + url.PathEscape(pullOnly) + `", "VersionId": "v1", "IsDefaultVersion": true}}`
	for name, text := range map[string]string{
		"as the CLI prints it": version,
		"URL-encoded":          encoded,
		"without IsDefault":    strings.Replace(version, `"IsDefaultVersion": true,`, "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := load(t, withPolicies(map[string]string{file: text}))
			if err != nil {
				t.Fatal(err)
			}
			why := decidedForAlice(t, s, "ecr:BatchGetImage", "team/app")
			if why.Decision != iam.Allowed || !strings.HasPrefix(why.Matched[0].Policy.Source.String(), file) {
				t.Errorf("%s: %+v", why.Decision, why.Matched)
			}
			if name == "as the CLI prints it" && why.Matched[0].Statement.Start.Line != 5 {
				t.Errorf("the statement is in line %d, want 5", why.Matched[0].Statement.Start.Line)
			}
		})
	}
	swap := func(old, new string) string { return strings.Replace(version, old, new, 1) }
	for _, c := range []struct{ name, text, want string }{
		{"not the default version", swap(": true", ": false"), `:8:9: version "v3" is not the policy's default version, so it is not in force on AWS; save the output for the DefaultVersionId`},
		{"no document", `{"PolicyVersion": {"VersionId": "v3"}}`, `:1:19: PolicyVersion (VersionId "v3") lacks Document; save the output as it is`},
		{"the output of get-policy", `{"Policy": {"PolicyName": "pull", "DefaultVersionId": "v3"}}`, ":1:1: the output of aws iam get-policy does not contain the document; save the output of aws iam get-policy-version for the DefaultVersionId that is in this file"},
		{"a fault in the document", swap(`"Allow"`, `"Alow"`), ":5:53: Effect must be exactly"},
		{"a statement next to it", swap("{", `{"Statement": [], `), ":1:2: Statement is next to PolicyVersion"},
		{"document in two cases", swap(`"Document"`, `"document": {}, "Document"`), `:3:25: "Document" and "document" are both present`},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, small(), map[string]string{file: c.text}, file+c.want) })
	}
}

// TestQuotaOfAWSPolicies checks that a copy of one of AWS's policies may be longer than the
// quota for customer managed policies (6,144 characters; IAM User Guide, "IAM and AWS STS
// quotas"), as ReadOnlyAccess and AWSConfigServiceRolePolicy are.
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

// TestQuotaOfPrintedVersions checks that the output of aws iam get-policy-version may be
// longer, because AWS has accepted its document (IAM API Reference, GetPolicyVersion).
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

// TestQuotaOfExportedPolicies checks that no policy in an account's output is too long,
// because AWS has accepted it: the inline policies of a role may have 10,240 characters
// together.
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
