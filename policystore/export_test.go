package policystore

import (
	"strings"
	"testing"

	"extauthz/iam"
)

// The outputs of aws ecr get-repository-policy and get-registry-policy.
const (
	awsRepositoryPolicy = `{
    "registryId": "123456789012",
    "repositoryName": "secret/app",
    "policyText": "{\n  \"Version\" : \"2008-10-17\",\n  \"Statement\" : [ {\n    \"Sid\" : \"no reads\",\n    \"Effect\" : \"Deny\",\n    \"Principal\" : \"*\",\n    \"Action\" : \"ecr:*\"\n  } ]\n}"
}
`
	awsRegistryPolicy = `{
    "registryId": "123456789012",
    "policyText": "{\n  \"Version\" : \"2012-10-17\",\n  \"Statement\" : [ {\n    \"Sid\" : \"no new ones\",\n    \"Effect\" : \"Deny\",\n    \"Principal\" : \"*\",\n    \"Action\" : \"ecr:CreateRepository\",\n    \"Resource\" : \"*\"\n  } ]\n}"
}
`
	registryPlace = "accounts/123456789012/eu-central-1/registry-policy.json"
)

// decidedForAlice decides a request of alice about a repository of the small directory.
func decidedForAlice(t *testing.T, s *Snapshot, action, repository string) iam.Explanation {
	t.Helper()
	return explainedFor(t, s, "arn:aws:iam::123456789012:user/dev/alice", action, "arn:aws:ecr:eu-central-1:123456789012:repository/"+repository)
}

// explained decides an action of a principal on repository team/app of a registry.
func explained(t *testing.T, s *Snapshot, principal, registry, action string) iam.Explanation {
	t.Helper()
	r := s.RegistryNamed(registry)
	return explainedFor(t, s, principal, action, r.RepositoryARN("team/app"), iam.ContextEntry{Key: "aws:RequestedRegion", Value: r.Region})
}

func explainedFor(t *testing.T, s *Snapshot, principal, action, resource string, context ...iam.ContextEntry) iam.Explanation {
	t.Helper()
	caller, err := s.CallerNamed(principal)
	if err != nil {
		t.Fatal(err)
	}
	return s.Decisions.Explain(&iam.Request{
		Principal: &caller.Principal, Context: append(caller.Context, context...), Action: action, Resource: resource,
	}, nil)
}

// TestPolicyOutputs checks that the outputs of the AWS CLI and the documents in them have
// the same effect.
func TestPolicyOutputs(t *testing.T) {
	plain := `{"Version":"2012-10-17","Statement":[{"Sid":"policyText","Effect":"Deny","Principal":"*","Action":["ecr:CreateRepository"],"Resource":"*"}]}`
	for _, c := range []struct{ name, file, text, action, repository, source string }{
		{"repository", secretDir, awsRepositoryPolicy, "ecr:BatchGetImage", "secret/app", secretDir + ":4:19: in policyText"},
		{"registry", registryPlace, awsRegistryPolicy, "ecr:CreateRepository", "any", registryPlace + ":3:19: in policyText"},
		{"members of the future", registryPlace, strings.Replace(awsRegistryPolicy, "{", `{"ResponseMetadata": {"HTTPStatusCode": 200}, `, 1), "ecr:CreateRepository", "any", registryPlace + ":3:19: in policyText"},
		{"a document that contains the name", registryPlace, plain, "ecr:CreateRepository", "any", registryPlace},
		{"as a ConfigMap's key", strings.ReplaceAll(registryPlace, "/", ".."), awsRegistryPolicy, "ecr:CreateRepository", "any", registryPlace + ":3:19: in policyText"},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := small()
			contents[c.file] = c.text
			s, err := load(t, contents)
			if err != nil {
				t.Fatal(err)
			}
			why := decidedForAlice(t, s, c.action, c.repository)
			if why.Decision != iam.ExplicitDeny || why.BlockedBy != iam.ResourceClass || why.Matched[0].Policy.Source.String() != c.source {
				t.Errorf("%s by %s: %+v; want a Deny of %s", why.Decision, why.BlockedBy, why.Matched, c.source)
			}
		})
	}
}

func TestPolicyOutputsRefused(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(awsRepositoryPolicy, old) {
			t.Fatalf("no %q in the output", old)
		}
		return strings.Replace(awsRepositoryPolicy, old, new, 1)
	}
	for _, c := range []struct{ name, file, text, want string }{
		{"another account's", secretDir, swap("123456789012", "210987654321"), `:2:19: registryId "210987654321" is not account "123456789012"`},
		{"another repository's", secretDir, swap("secret/app", "secret/api"), `:3:23: repositoryName "secret/api" is not "secret/app"`},
		{"a repository's for a registry's", registryPlace, awsRepositoryPolicy, `:3:23: this is the policy of repository "secret/app", in the file for a registry's; move it to "repositories/secret/app/_policy.json"`},
		{"another repository's, in another case", secretDir, swap(`"repositoryName": "secret/app"`, `"RepositoryName": "secret/api"`), `:3:23: repositoryName "secret/api" is not "secret/app"`},
		{"another account's, in another case", secretDir, swap(`"registryId": "123456789012"`, `"RegistryId": "210987654321"`), `:2:19: registryId "210987654321" is not account`},
		{"no repository's", secretDir, swap(`"repositoryName": "secret/app"`, `"repositoryName": ""`), `:3:23: repositoryName is empty; save the output as it is`},
		{"a mistake in the text", secretDir, swap(`Deny`, `Dent`), `:4:19: in policyText:5:16: Effect must be exactly`},
		{"text that is cut off", secretDir, swap(` ]\n}"`, `"`), ":4:19: in policyText:8:3: not JSON"},
		{"a registry's for a repository's", secretDir, awsRegistryPolicy, ":1:1: the output lacks repositoryName, like that of get-registry-policy, which belongs in registry-policy.json"},
		{"text in two cases", secretDir, swap(`"policyText"`, `"PolicyText": "{}", "policyText"`), `:4:25: "policyText" and "PolicyText" are both present`},
		{"another account's and this one's", secretDir, swap(`"registryId"`, `"RegistryId": "210987654321", "registryId"`), `:2:35: "registryId" and "RegistryId" are both present`},
		{"text that is truncated", secretDir, swap(`"policyText"`, `"nextToken": "x", "policyText"`), ":4:5: the output is truncated (nextToken is set)"},
		{"no text", secretDir, `{"repositoryName": "secret/app", "policyText": ""}`, ":1:48: in policyText:1:1: not JSON"},
		{"null", secretDir, `{"policyText": null}`, ":1:16: policyText must be a string, not null"},
		{"a document for the text", secretDir, `{"policyText": {"Version": "2012-10-17"}}`, ":1:16: policyText must be a string, not an object"},
		{"text and document", secretDir, swap(`"registryId"`, `"Statement": [], "registryId"`), ":2:5: Statement is next to policyText"},
		{"text twice", secretDir, `{"policyText": "", "policyText": ""}`, `:1:20: "policyText" occurs twice`},
		{"output without the text", secretDir, `{"registryId": "123456789012", "repositoryName": "secret/app"}`, `:1:2: unknown element "registryId"`},
		{"half an output", secretDir, awsRepositoryPolicy[:200], ":4:128: not JSON"},
		{"registry policy without resource", registryPlace, denyAll, ":1:38: the statement has neither Resource nor NotResource"},
		{"registry that does not exist", strings.Replace(registryPlace, "central", "west", 1), awsRegistryPolicy, ": no registry in registries.yaml has account 123456789012 and region eu-west-1"},
		{"registry policy next to the region", "accounts/123456789012/registry-policy.json", awsRegistryPolicy, ": not a file of a policy directory"},
		{"registry policy of another name", strings.Replace(registryPlace, "-policy", "_policy", 1), awsRegistryPolicy, ": not a file of a policy directory"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, small(), map[string]string{c.file: c.text}, c.file+c.want) })
	}
}

// TestSeveralRegistries checks that the policies and tags of one account and region do not
// apply in another.
func TestSeveralRegistries(t *testing.T) {
	contents := withPolicies(map[string]string{registryPlace: awsRegistryPolicy, tagsPlace: awsTags})
	contents["registries.yaml"] += `- {name: west, hosts: [west], account: "123456789012", region: eu-west-1}
- {name: other, hosts: [other], account: "210987654321", region: eu-central-1}
- {name: again, hosts: [again], account: "123456789012", region: eu-central-1, audiences: [again]}
`
	for _, r := range []struct{ account, region, team string }{{"123456789012", "eu-west-1", "red"}, {"210987654321", "eu-central-1", "grey"}} {
		place := "accounts/" + r.account + "/" + r.region + "/"
		contents[place+"repositories/team/app/_tags.json"] = `{"team": "` + r.team + `"}`
		contents[place+registryPolicyFile] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:ReplicateImage","Resource":"*"}}`
	}
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := s.CallerNamed("arn:aws:iam::123456789012:user/dev/alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		registry, team string
		create         iam.Decision
	}{{"a", "blue", iam.ExplicitDeny}, {"again", "blue", iam.ExplicitDeny}, {"west", "red", iam.ImplicitDeny}, {"other", "grey", iam.ImplicitDeny}} {
		r := s.RegistryNamed(c.registry)
		tags := r.ResourceTags("ecr:PutImage", r.RepositoryARN("team/app"))
		if entry, _ := tags.Lookup("ecr:ResourceTag/team"); entry.Value != c.team {
			t.Errorf("%s: team %q, want %q", c.registry, entry.Value, c.team)
		}
		request := iam.Request{Principal: &caller.Principal, Action: "ecr:CreateRepository", Resource: r.RepositoryARN("team/new")}
		if got := s.Decisions.Decide(&request, nil); got != c.create {
			t.Errorf("%s: creating is decided %s, want %s", c.registry, got, c.create)
		}
	}
	if s.Summary.RegistryPolicies != 3 || s.Summary.TaggedRepositories != 3 {
		t.Errorf("summary %+v", s.Summary)
	}
}
