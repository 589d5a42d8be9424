package policystore

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/iam"
)

const (
	tagsPlace = "accounts/123456789012/eu-central-1/repositories/team/app/_tags.json"

	// awsTags is the output of aws ecr list-tags-for-resource for a repository that
	// CloudFormation made.
	awsTags = `{
    "tags": [
        {
            "Key": "Team",
            "Value": "blue"
        },
        {
            "Key": "aws:cloudformation:stack-name",
            "Value": "registry"
        },
        {
            "Key": "tags",
            "Value": ""
        }
    ]
}
`
)

// TestTags checks the condition keys for the tags of a repository, by action and resource.
func TestTags(t *testing.T) {
	const app = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	for _, c := range []struct{ name, text, action, resource, want string }{
		{"plain", `{"Team": "blue"}`, "ecr:PutImage", app, "aws:ResourceTag/Team=blue ecr:ResourceTag/Team=blue"},
		{"output", awsTags, "ecr:PutImage", app, "aws:ResourceTag/Team=blue ecr:ResourceTag/Team=blue aws:ResourceTag/aws:cloudformation:stack-name=registry ecr:ResourceTag/aws:cloudformation:stack-name=registry aws:ResourceTag/tags= ecr:ResourceTag/tags="},
		{"output with members of the future", `{"tags": [{"Key": "a", "Value": "b", "New": 1}], "nextToken": null, "new": {}}`, "ecr:PutImage", app, "aws:ResourceTag/a=b ecr:ResourceTag/a=b"},
		{"plain tag called tags", `{"tags": "x"}`, "ecr:PutImage", app, "aws:ResourceTag/tags=x ecr:ResourceTag/tags=x"},
		{"no tags", `{}`, "ecr:PutImage", app, ""},
		{"output of no tags", `{"tags": []}`, "ecr:PutImage", app, ""},
		{"to be created", awsTags, "ecr:CreateRepository", app, ""},
		{"to be created, in another case", awsTags, "ECR:createRepository", app, ""},
		{"another repository", awsTags, "ecr:PutImage", app + "2", ""},
		{"every repository", awsTags, "ecr:DescribeRepositories", "arn:aws:ecr:eu-central-1:123456789012:repository/*", ""},
		{"no resource", awsTags, "ecr:GetAuthorizationToken", "*", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, withPolicies(map[string]string{tagsPlace: c.text}))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, entry := range s.RegistryNamed("a").ResourceTags(c.action, c.resource) {
				got = append(got, entry.Key+"="+entry.Value)
			}
			if strings.Join(got, " ") != c.want || s.Summary.TaggedRepositories != 1 {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTagsRefused(t *testing.T) {
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d": ""`, i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ":1:1: not JSON"},
		{"a list", `[{"Key": "a", "Value": "b"}]`, ":1:1: the file is a list; write an object of keys and their values"},
		{"a number", `{"a": 1}`, `:1:7: the value of tag "a" must be a string; write an object of keys and their values`},
		{"the list in another case", `{"Tags": [{"Key": "a", "Value": "b"}]}`, `:1:10: the value of tag "Tags" must be a string; write an object of keys and their values, or save the output of aws ecr list-tags-for-resource as it is`},
		{"null for the list", `{"tags": null}`, `:1:10: the value of tag "tags" must be a string; write an object`},
		{"a key twice", `{"a": "1", "a": "2"}`, `:1:12: "a" occurs twice`},
		{"a key twice in the output", `{"tags": [{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]}`, `:1:1: the tag key "team" is listed twice; keep one`},
		{"no value", `{"tags": [{"Key": "a"}]}`, `:1:11: a tag (Key "a") lacks Value; save`},
		{"no key", `{"tags": [{"Value": "a"}]}`, `:1:11: a tag (Value "a") lacks Key; save`},
		{"keys in lower case", `{"tags": [{"key": "a", "value": "b"}]}`, ":1:11: a tag lacks Key and Value; save"},
		{"a tag next to the list", `{"tags": [], "team": "blue"}`, `:1:14: unexpected string "team" in the same object as the list of tags`},
		{"truncated", `{"tags": [], "nextToken": "eyJ"}`, ":1:14: the output is truncated (nextToken is set)"},
		{"truncated, as in IAM", `{"tags": [], "IsTruncated": true}`, ":1:14: the output is truncated (IsTruncated is set)"},
		{"one entry of the list", `{"Value": "blue", "Key": "team"}`, ":1:1: the file is a part of an output, not tags"},
		{"a token alone", `{"nextToken": "eyJ"}`, ":1:1: the file is a part of an output, not tags"},
		{"too many", "{" + strings.Join(many, ",") + "}", ":1:1: too many tags: 51, and AWS allows 50"},
		{"no key", `{"": "a"}`, ":1:1: a tag has no key"},
		{"characters", `{"a*": "a"}`, ":1:1: the tag key \"a*\" has characters other"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, small(), map[string]string{tagsPlace: c.text}, tagsPlace+c.want) })
	}
	t.Run("a repository that the inventory lacks", func(t *testing.T) {
		refuses(t, small(), map[string]string{inventoryFile: awsInventory, strings.Replace(tagsPlace, "team/app", "team/new", 1): awsTags},
			`repositories/team/new/_tags.json: repository "team/new" is not listed in `+inventoryFile)
	})
	t.Run("a registry that is not there", func(t *testing.T) {
		refuses(t, small(), map[string]string{strings.Replace(tagsPlace, "central", "west", 1): awsTags}, "no registry in registries.yaml has account 123456789012 and region eu-west-1")
	})
}

// TestTagsThatDifferInCase checks decisions by two tags of one repository whose keys differ
// only in case, also if the decision is cached.
func TestTagsThatDifferInCase(t *testing.T) {
	statement := func(effect, key string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*"},{"Effect":"` + effect + `","Action":"ecr:BatchGetImage","Resource":"*","Condition":{"StringEquals":{"` + key + `":"blue"}}}]}`
	}
	for _, c := range []struct {
		name, policy string
		want         iam.Decision
	}{
		{"the one that is blue", statement("Allow", "aws:ResourceTag/team"), iam.Allowed},
		{"the other one", statement("Allow", "aws:ResourceTag/Team"), iam.ImplicitDeny},
		{"neither", statement("Allow", "ecr:ResourceTag/TEAM"), iam.ImplicitDeny},
		{"a Deny of neither", statement("Deny", "ecr:ResourceTag/TEAM"), iam.ExplicitDeny},
		{"a Deny of the one", statement("Deny", "aws:ResourceTag/team"), iam.ExplicitDeny},
		{"a Deny of the other one", statement("Deny", "aws:ResourceTag/Team"), iam.ImplicitDeny},
	} {
		for form, text := range map[string]string{
			"object": `{"Team": "red", "team": "blue"}`,
			"output": `{"tags": [{"Key": "Team", "Value": "red"}, {"Key": "team", "Value": "blue"}]}`,
		} {
			t.Run(c.name+", "+form, func(t *testing.T) {
				contents := withPolicies(map[string]string{"managed/pull.json": c.policy, tagsPlace: text, strings.Replace(secretDir, "_policy", "_tags", 1): "{}"})
				contents["principals.yaml"] = strings.Replace(contents["principals.yaml"], ", "+pullOnlyA, "", 1)
				s, err := load(t, contents)
				if err != nil {
					t.Fatal(err)
				}
				caller, err := s.CallerNamed("arn:aws:iam::123456789012:user/dev/alice")
				if err != nil {
					t.Fatal(err)
				}
				r := s.RegistryNamed("a")
				resource := r.RepositoryARN("team/app")
				request := iam.Request{
					Principal: &caller.Principal, Action: "ecr:BatchGetImage", Resource: resource, Context: r.ResourceTags("ecr:BatchGetImage", resource),
				}
				for range 2 {
					if got := s.Decisions.Decide(&request, nil); got != c.want {
						t.Errorf("decided %s, want %s", got, c.want)
					}
				}
			})
		}
	}
}
