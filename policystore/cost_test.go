package policystore

import (
	"strings"
	"testing"
)

// TestExpensivePolicies holds that a policy by which one decision could take too
// long is refused wherever it is, with the place of its statement, and that one
// within AWS's quota for its kind is not.
func TestExpensivePolicies(t *testing.T) {
	good := whole(t, newSigner(t))
	const pattern = `"*?a?b",`
	document := func(statement string, patterns int) string {
		return `{"Version": "2012-10-17", "Statement": [` + "\n" +
			`  {"Sid": "First", "Effect": "Deny", ` + statement + `},` + "\n" +
			`  {"Sid": "Second", "Effect": "Deny", ` + statement + `, "Condition": {"StringLike": {"aws:UserAgent": [` +
			strings.TrimSuffix(strings.Repeat(pattern, patterns), ",") + `]}}}]}`
	}
	for _, c := range []struct {
		path, statement string
		quota           int // characters
	}{
		{"managed/pull.json", `"Action": "ecr:*", "Resource": "*"`, 6144},
		{"accounts/123456789012/eu-central-1/registry-policy.json", `"Principal": "*", "Action": "ecr:*", "Resource": "*"`, 10240},
		{"accounts/123456789012/eu-central-1/repositories/team/app/_policy.json", `"Principal": "*", "Action": "ecr:*"`, 10240},
		{"organization/scp/1-root/expensive.json", `"Action": "ecr:*", "Resource": "*"`, 5120},
		{"organization/rcp/1-root/expensive.json", `"Principal": "*", "Action": "ecr:*", "Resource": "*"`, 5120},
	} {
		t.Run(c.path, func(t *testing.T) {
			contents := map[string]string{}
			for path, content := range good {
				contents[path] = content
			}
			if strings.HasPrefix(c.path, "organization") {
				contents["organization.yaml"] = "id: o-a1b2c3d4e5\naccounts:\n  \"123456789012\": o-a1b2c3d4e5/r-ab12/\n"
			}
			contents[c.path] = document(c.statement, (c.quota-400)/len(pattern))
			if _, err := load(t, contents); err != nil {
				t.Errorf("within the quota: %v", err)
			}
			refuses(t, contents, map[string]string{c.path: document(c.statement, 50_000)}, c.path+":3:3: this statement can take …steps in one decision…divide the policy")
		})
	}
}
