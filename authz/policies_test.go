package authz

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
)

// withPolicies returns the directory with an inventory of team/app and more files.
func withPolicies(more map[string]string) map[string]string {
	contents := maps.Clone(directory)
	delete(contents, "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json")
	contents["accounts/123456789012/eu-central-1/repositories.json"] = `{"repositories": [{"registryId": "123456789012", "repositoryName": "team/app",
  "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}]}`
	maps.Copy(contents, more)
	return contents
}

// TestPoliciesOfRegistryAndOrganization checks that the policies of the registry and of the
// organization apply to every request, and that a denial gives their class in AWS's words.
func TestPoliciesOfRegistryAndOrganization(t *testing.T) {
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
		{"a repository that exists", "/v2/team/app/manifests/v1", nil, Allowed, ""},
		{"a repository that is missing", "/v2/team/new/manifests/v1", nil, ImplicitDeny, "because no identity-based policy allows the ecr:CreateRepository action"},
		{"a repository that the registry policy allows to create", "/v2/team/new/manifests/v1", map[string]string{registryPolicy: creates}, Allowed, ""},
		{"a repository that it does not allow to create", "/v2/team/new/manifests/v1", map[string]string{strings.Replace(registryPolicy, "registry-policy.json", "repositories/team/app/_policy.json", 1): strings.Replace(creates, `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/*"`, "", 1)}, ImplicitDeny, "because no identity-based policy allows the ecr:CreateRepository action"},
		{"a push that the registry policy denies", "/v2/team/app/manifests/v1", map[string]string{registryPolicy: closes}, ExplicitDeny, "with an explicit deny in a resource-based policy"},
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

// tagged returns the directory with tags: alice may push to and mount from repositories with the
// tag blue.
func tagged() map[string]string {
	contents := maps.Clone(directory)
	const place = "accounts/123456789012/eu-central-1/repositories/"
	contents[place+"team/blue/_tags.json"] = `{"team": "blue"}`
	contents[place+"team/red/_tags.json"] = `{"tags": [{"Key": "team", "Value": "red"}]}`
	contents[place+"secret/app/_tags.json"] = `{}`
	contents["managed/push.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*","Condition":{"Null":{"aws:ResourceTag/team":"true"}}},
  {"Effect":"Allow","Action":"ecr:DescribeRepositories","Resource":"*","Condition":{"Null":{"ecr:ResourceTag/team":"true"}}},
  {"Effect":"Allow","Action":["ecr:*Layer*","ecr:*Image"],"Resource":"*","Condition":{"StringEquals":{"ecr:ResourceTag/Team":"blue"}}},
  {"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}]}`
	return contents
}

// TestResourceTags checks that each resource of a request is evaluated with its own tags, and that
// the explanation has the same decision.
func TestResourceTags(t *testing.T) {
	checker := newCheckerOf(t, tagged(), "alice", "bob", "carol", "dave")
	mount := func(from string) string { return "uploads/?mount=" + digest + "&from=team/" + from }
	for _, c := range []struct {
		name, method, path string
		want               Outcome
		remove             []string
	}{
		{"the tag blue", "GET", "/v2/team/blue/manifests/v1", Allowed, nil},
		{"the tag red", "GET", "/v2/team/red/manifests/v1", ExplicitDeny, nil},
		{"no tags", "GET", "/v2/team/grey/manifests/v1", ImplicitDeny, nil},
		{"mounting blue into blue", "POST", "/v2/team/blue/blobs/" + mount("blue"), Allowed, nil},
		{"mounting red into blue", "POST", "/v2/team/blue/blobs/" + mount("red"), Allowed, []string{"mount", "from"}},
		{"mounting grey into blue", "POST", "/v2/team/blue/blobs/" + mount("grey"), Allowed, []string{"mount", "from"}},
		{"mounting blue into red", "POST", "/v2/team/red/blobs/" + mount("blue"), ExplicitDeny, nil},
		{"the catalog, which has no tags", "GET", "/v2/_catalog", Allowed, nil},
		{"logging in", "GET", "/v2/", Allowed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checkOffline(checker, from("alice", c.method, c.path))
			if r.Decision != c.want || !slices.Equal(r.Answer.RemoveQueryParameters, c.remove) {
				t.Fatalf("%s, %s, removing %q; want %s, removing %q", r.Decision, r.Reason, r.Answer.RemoveQueryParameters, c.want, c.remove)
			}
			for i, why := range r.Explain() {
				if why.Decision != r.Evaluations[i].Decision {
					t.Errorf("%s on %s is explained as %s, and was %s", r.Evaluations[i].Action, r.Evaluations[i].Resource, why.Decision, r.Evaluations[i].Decision)
				}
			}
		})
	}
}

// TestResourceTagsHide checks that hiding existence depends on the tags of the repository.
func TestResourceTagsHide(t *testing.T) {
	contents := tagged()
	contents["registries.yaml"] = "registries:\n- {name: main, hosts: [localhost], account: \"123456789012\", region: eu-central-1, hideExistence: true}\n"
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	for path, want := range map[string]int{"/v2/team/blue/tags/list": 403, "/v2/team/red/tags/list": 404, "/v2/team/grey/tags/list": 404} {
		if r := checker.Check(context.Background(), from("alice", "GET", path)); r.Answer.Status != want {
			t.Errorf("%s is answered %d, want %d", path, r.Answer.Status, want)
		}
	}
}

// TestNewIAMRequestHasTags checks that an offline request has the tags of its resource.
func TestNewIAMRequestHasTags(t *testing.T) {
	checker := newCheckerOf(t, tagged(), "alice", "bob", "carol", "dave")
	s := checker.Snapshots()
	caller, err := s.CallerNamed("arn:aws:iam::123456789012:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{"team/blue": "blue", "team/red": "red", "team/grey": "", "*": ""} {
		got := NewIAMRequest(from("", "GET", "/"), s.RegistryNamed("main"), caller, "ecr:PutImage", "arn:aws:ecr:eu-central-1:123456789012:repository/"+repository)
		if entry, _ := got.Context.Lookup("aws:ResourceTag/team"); entry.Value != want {
			t.Errorf("%s has the tag %q, want %q", repository, entry.Value, want)
		}
	}
}
