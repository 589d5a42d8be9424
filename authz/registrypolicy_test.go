package authz

import (
	"context"
	"maps"
	"strings"
	"testing"
)

// withPolicies is the directory with an inventory of team/app, and more files.
func withPolicies(more map[string]string) map[string]string {
	contents := maps.Clone(directory)
	delete(contents, "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json")
	contents["accounts/123456789012/eu-central-1/repositories.json"] = `{"repositories": [{"registryId": "123456789012", "repositoryName": "team/app",
  "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}]}`
	maps.Copy(contents, more)
	return contents
}

// TestPoliciesBesideAndAbove holds that the policies of registry and organization
// count in every request, and that a denial names their class in AWS's words.
func TestPoliciesBesideAndAbove(t *testing.T) {
	const (
		registryPolicy = "accounts/123456789012/eu-central-1/registry-policy.json"
		creates        = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"},"Action":"ecr:CreateRepository","Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/*"}}`
		closes         = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Resource":"*"}}`
		full           = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		pulls          = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:Batch*"],"Resource":"*"}}`
	)
	for _, c := range []struct {
		name, path string
		more       map[string]string
		want       Outcome
		reason     string // the end of it
	}{
		{"what is there", "/v2/team/app/manifests/v1", nil, Allowed, ""},
		{"what is not there", "/v2/team/new/manifests/v1", nil, ImplicitDeny, "because no identity-based policy allows the ecr:CreateRepository action"},
		{"what the registry lets create", "/v2/team/new/manifests/v1", map[string]string{registryPolicy: creates}, Allowed, ""},
		{"what the registry does not", "/v2/team/new/manifests/v1", map[string]string{strings.Replace(registryPolicy, "registry-policy.json", "repositories/team/app/_policy.json", 1): strings.Replace(creates, `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/*"`, "", 1)}, ImplicitDeny, "because no identity-based policy allows the ecr:CreateRepository action"},
		{"what the registry denies", "/v2/team/app/manifests/v1", map[string]string{registryPolicy: closes}, ExplicitDeny, "with an explicit deny in a resource-based policy"},
		{"every level allows", "/v2/team/app/manifests/v1", map[string]string{"organization/scp/0/a.json": full, "organization/scp/1/a.json": full}, Allowed, ""},
		{"a level does not allow", "/v2/team/app/manifests/v1", map[string]string{"organization/scp/0/a.json": full, "organization/scp/1/a.json": pulls}, ImplicitDeny, "because no service control policy allows the ecr:PutImage action"},
		{"a resource control policy denies", "/v2/team/app/manifests/v1", map[string]string{"organization/rcp/0/a.json": closes}, ExplicitDeny, "with an explicit deny in a resource control policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checker := newCheckerOf(t, withPolicies(c.more), "alice", "bob", "carol", "dave")
			r := checker.Check(context.Background(), from("alice", "PUT", c.path))
			if r.Decision != c.want || !strings.HasSuffix(r.Reason, c.reason) {
				t.Errorf("%s: %s; want %s, %s", r.Decision, r.Reason, c.want, c.reason)
			}
		})
	}
}
