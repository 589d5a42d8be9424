package policystore

import (
	"net/url"
	"strings"
	"testing"

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
