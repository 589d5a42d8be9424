package policystore

import (
	"strings"
	"testing"

	"extauthz/mapping"
)

const inventoryFile = "accounts/123456789012/eu-central-1/repositories.json"

// awsInventory is the output of aws ecr describe-repositories for two repositories.
const awsInventory = `{
    "repositories": [
        {
            "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app",
            "registryId": "123456789012",
            "repositoryName": "secret/app",
            "repositoryUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/secret/app",
            "createdAt": "2026-03-09T10:11:12.345000+01:00",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
            "imageScanningConfiguration": {"scanOnPush": false},
            "encryptionConfiguration": {"encryptionType": "AES256"}
        },
        {
            "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/team/app",
            "registryId": "123456789012",
            "repositoryName": "team/app",
            "repositoryUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app",
            "createdAt": 1772000000.5,
            "imageTagMutability": "MUTABLE"
        }
    ]
}
`

// TestInventory checks that a push to a repository that the inventory does not list also
// requires CreateRepository, at every registry of the account and region, and at no other.
func TestInventory(t *testing.T) {
	contents := small()
	contents["registries.yaml"] += `- {name: b, hosts: [b], account: "123456789012", region: eu-central-1, pullThrough: [hub]}
- {name: c, hosts: [c], account: "123456789012", region: eu-west-1}
`
	contents["accounts..123456789012..eu-central-1..repositories.json"] = awsInventory // as a ConfigMap's key
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.Repositories != 2 {
		t.Errorf("%d repositories, want 2", s.Summary.Repositories)
	}
	for _, c := range []struct{ registry, method, path, want string }{
		{"a", "PUT", "/v2/team/app/manifests/v1", "ecr:PutImage"},
		{"a", "PUT", "/v2/team/new/manifests/v1", "ecr:PutImage ecr:CreateRepository"},
		{"a", "POST", "/v2/team/new/blobs/uploads/", "ecr:InitiateLayerUpload ecr:CreateRepository"},
		{"a", "PATCH", "/v2/team/new/blobs/uploads/abc", "ecr:UploadLayerPart ecr:CreateRepository"},
		{"a", "PUT", "/v2/team/new/blobs/uploads/abc", "ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:CreateRepository"},
		{"a", "GET", "/v2/team/new/blobs/uploads/abc", "ecr:UploadLayerPart ecr:CreateRepository"},
		{"a", "DELETE", "/v2/team/new/blobs/uploads/abc", "ecr:UploadLayerPart ecr:CreateRepository"},
		{"a", "PATCH", "/v2/team/app/blobs/uploads/abc", "ecr:UploadLayerPart"},
		{"a", "GET", "/v2/team/new/manifests/v1", "ecr:BatchGetImage"},
		{"b", "PUT", "/v2/team/manifests/v1", "ecr:PutImage ecr:CreateRepository"},
		{"b", "GET", "/v2/hub/new/manifests/v1", "ecr:BatchGetImage ecr:BatchImportUpstreamImage ecr:CreateRepository"},
		{"c", "PUT", "/v2/team/new/manifests/v1", "ecr:PutImage"},
	} {
		t.Run(c.registry+" "+c.method+" "+c.path, func(t *testing.T) {
			if got := actionsOf(t, s.RegistryNamed(c.registry), c.method, c.path); got != c.want {
				t.Errorf("actions %s, want %s", got, c.want)
			}
		})
	}
}

// actionsOf returns the actions that a request to a registry requires.
func actionsOf(t *testing.T, r *Registry, method, path string) string {
	t.Helper()
	m, refusal := r.Map(&mapping.HTTPRequest{Method: method, Path: path})
	if refusal != nil {
		t.Fatal(refusal.Message)
	}
	var required []string
	for _, p := range m.Permissions {
		required = append(required, p.Action)
	}
	return strings.Join(required, " ")
}

// TestAssumeMissing checks that every push and import requires CreateRepository, and that a
// repository that is assumed missing may have a policy.
func TestAssumeMissing(t *testing.T) {
	contents := small()
	contents["registries.yaml"] = strings.Replace(contents["registries.yaml"], "}", ", assumeMissing: true, pullThrough: [hub]}", 1)
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.RepositoryPolicies != 1 {
		t.Errorf("%d repository policies, want 1", s.Summary.RepositoryPolicies)
	}
	for _, c := range []struct{ method, path, want string }{
		{"PUT", "/v2/secret/app/manifests/v1", "ecr:PutImage ecr:CreateRepository"},
		{"POST", "/v2/team/app/blobs/uploads/", "ecr:InitiateLayerUpload ecr:CreateRepository"},
		{"GET", "/v2/hub/app/manifests/v1", "ecr:BatchGetImage ecr:BatchImportUpstreamImage ecr:CreateRepository"},
		{"GET", "/v2/team/app/manifests/v1", "ecr:BatchGetImage"},
	} {
		if got := actionsOf(t, s.RegistryNamed("a"), c.method, c.path); got != c.want {
			t.Errorf("%s %s: actions %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

// TestAssumeMissingWithInventory checks that the two contradict each other, with either form
// of the inventory's name, and only for one account and region.
func TestAssumeMissingWithInventory(t *testing.T) {
	for _, c := range []struct{ name, region, file, want string }{
		{"same region", "eu-central-1", inventoryFile, `registries.yaml:3:87: assumeMissing contradicts ` + inventoryFile + `, which lists the repositories of the registry; remove the file or the setting`},
		{"as a ConfigMap's key", "eu-central-1", strings.ReplaceAll(inventoryFile, "/", ".."), `registries.yaml:3:87: assumeMissing contradicts ` + inventoryFile},
		{"another region", "eu-west-1", inventoryFile, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := small()
			contents["registries.yaml"] += `- {name: b, hosts: [b], account: "123456789012", region: ` + c.region + ", assumeMissing: true}\n"
			contents[c.file] = awsInventory
			_, err := load(t, contents)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}

func TestEmptyInventory(t *testing.T) {
	contents := small()
	delete(contents, secretDir)
	contents[inventoryFile] = `{"repositories": [], "nextToken": null}`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.RegistryNamed("a"); r.Exists == nil || r.Exists("team/app") {
		t.Error("an empty inventory lists a repository, or is none")
	}
}

func TestInventoryRefuses(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(awsInventory, old) {
			t.Fatalf("no %q in the inventory", old)
		}
		return strings.Replace(awsInventory, old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ":1:1: not JSON"},
		{"half", awsInventory[:200], ": not JSON"},
		{"an array", "[]", ":1:1: the inventory must be an object, not an array"},
		{"no list", "{}", ":1:1: repositories is missing"},
		{"list of null", `{"repositories": null}`, ":1:18: repositories must be an array, not null"},
		{"list in another case", `{"Repositories": []}`, ":1:1: repositories is missing"},
		{"list twice", `{"repositories": [], "repositories": []}`, `:1:22: "repositories" occurs twice`},
		{"truncated", swap("    ]\n}", "    ],\n    \"NextToken\": \"eyJ\"\n}"), ":23:5: the output is truncated (NextToken is set)"},
		{"truncated, as in the API", swap("{\n    \"rep", "{\n    \"nextToken\": \"\",\n    \"rep"), ":2:5: the output is truncated (nextToken is set)"},
		{"truncated, in another case", `{"repositories": [], "isTruncated": true}`, ":1:22: the output is truncated (isTruncated is set)"},
		{"something else", `{"images": []}`, ":1:1: repositories is missing; save the output of aws ecr describe-repositories"},
		{"a name alone", `{"repositories": ["team/app"]}`, ":1:19: a repository must be an object, not a string"},
		{"no name", swap(`"repositoryName": "secret/app",`, ""), `:3:9: a repository (registryId "123456789012") lacks repositoryName; save the output as it is`},
		{"no id", swap(`"registryId": "123456789012",`, ""), `:3:9: a repository (repositoryName "secret/app") lacks registryId; save`},
		{"an ARN of another partition", swap("arn:aws:ecr", "arn:aws-cn:ecr"), `repositoryArn "arn:aws-cn:ecr:eu-central-1:123456789012:repository/secret/app" is in partition "aws-cn", and registry "a" is in "aws"; set partition: aws-cn for the registry, or move the file`},
		{"no ARN", swap(`"repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app",`, ""), `:3:9: a repository (repositoryName "secret/app") lacks repositoryArn; save`},
		{"name of another type", swap(`"repositoryName": "secret/app"`, `"repositoryName": 1`), ":6:31: repositoryName must be a string, not a number"},
		{"name that is not valid", swap(`"repositoryName": "secret/app"`, `"repositoryName": "Secret/*"`), `:6:31: "Secret/*" is not a repository name`},
		{"another account's id", swap(`"registryId": "123456789012"`, `"registryId": "210987654321"`), `:5:27: registryId "210987654321" is not account "123456789012"`},
		{"ARN of another name", swap("repository/secret/app", "repository/secret/api"), `:4:30: repositoryArn "arn:aws:ecr:eu-central-1:123456789012:repository/secret/api" does not match folder and name`},
		{"ARN of another region", swap("ecr:eu-central-1:", "ecr:eu-west-1:"), `:4:30: repositoryArn "arn:aws:ecr:eu-west-1:`},
		{"ARN of another account", swap("eu-central-1:123456789012", "eu-central-1:210987654321"), ":4:30: repositoryArn"},
		{"ARN of another partition", swap("arn:aws:", "arn:aws-cn:"), ":4:30: repositoryArn"},
		{"a name twice in one", swap(`"registryId"`, `"repositoryName": "x", "registryId"`), `"repositoryName" occurs twice`},
		{"a repository twice", strings.ReplaceAll(awsInventory, "team/app", "secret/app"), `:17:31: repository "secret/app" occurs twice`},
		{"a policy of what it does not list", strings.ReplaceAll(awsInventory, "secret/app", "secret/api"),
			`repository "secret/app" is not listed in accounts/123456789012/eu-central-1/repositories.json`},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := small()
			contents[inventoryFile] = c.text
			_, err := load(t, contents)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v; want %q", err, c.want)
			}
			if !strings.HasPrefix(err.Error(), inventoryFile+":") && !strings.HasPrefix(err.Error(), secretDir+":") {
				t.Errorf("the error does not begin with its file: %v", err)
			}
		})
	}
}

func TestInventoryElsewhere(t *testing.T) {
	for file, want := range map[string]string{
		strings.Replace(inventoryFile, "eu-central-1", "eu-west-1", 1): "no registry in registries.yaml has account 123456789012 and region eu-west-1",
		strings.Replace(inventoryFile, "123456789012", "12345", 1):     "not a file of a policy directory",
		strings.Replace(inventoryFile, "repositories", "repos", 1):     "not a file of a policy directory",
		strings.Replace(inventoryFile, "eu-central-1/", "", 1):         "not a file of a policy directory",
	} {
		contents := small()
		contents[file] = awsInventory
		if _, err := load(t, contents); err == nil || !strings.HasPrefix(err.Error(), file+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want %q", file, err, want)
		}
	}
}
