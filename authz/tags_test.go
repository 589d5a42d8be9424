package authz

import (
	"context"
	"maps"
	"slices"
	"testing"
)

// tagged is the directory with tags: alice may push and mount what is blue.
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

// TestResourceTags holds that every resource of a request is decided by its own
// tags, and that explaining sees the same.
func TestResourceTags(t *testing.T) {
	checker := newCheckerOf(t, tagged(), "alice", "bob", "carol", "dave")
	mount := func(from string) string { return "uploads/?mount=" + digest + "&from=team/" + from }
	for _, c := range []struct {
		name, method, path string
		want               Outcome
		remove             []string
	}{
		{"what is blue", "GET", "/v2/team/blue/manifests/v1", Allowed, nil},
		{"what is red", "GET", "/v2/team/red/manifests/v1", ExplicitDeny, nil},
		{"what has no tags", "GET", "/v2/team/grey/manifests/v1", ImplicitDeny, nil},
		{"mounting blue into blue", "POST", "/v2/team/blue/blobs/" + mount("blue"), Allowed, nil},
		{"mounting red into blue", "POST", "/v2/team/blue/blobs/" + mount("red"), Allowed, []string{"mount", "from"}},
		{"mounting grey into blue", "POST", "/v2/team/blue/blobs/" + mount("grey"), Allowed, []string{"mount", "from"}},
		{"mounting blue into red", "POST", "/v2/team/red/blobs/" + mount("blue"), ExplicitDeny, nil},
		{"the catalog, which is no repository", "GET", "/v2/_catalog", Allowed, nil},
		{"logging in", "GET", "/v2/", Allowed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checker.Check(context.Background(), from("alice", c.method, c.path))
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

// TestResourceTagsHide holds that who may read a repository by its tags is told of
// it, and that who may not is not.
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

// TestAskSeesTags holds that a question asked offline has the resource's tags.
func TestAskSeesTags(t *testing.T) {
	checker := newCheckerOf(t, tagged(), "alice", "bob", "carol", "dave")
	s := checker.Snapshots()
	caller, err := s.CallerNamed("arn:aws:iam::123456789012:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{"team/blue": "blue", "team/red": "red", "team/grey": "", "*": ""} {
		asked := NewIAMRequest(from("", "GET", "/"), s.RegistryNamed("main"), caller, "ecr:PutImage", "arn:aws:ecr:eu-central-1:123456789012:repository/"+repository)
		if entry, _ := asked.Context.Lookup("aws:ResourceTag/team"); entry.Value != want {
			t.Errorf("%s has the tag %q, want %q", repository, entry.Value, want)
		}
	}
}
