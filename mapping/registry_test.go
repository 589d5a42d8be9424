package mapping

import (
	"slices"
	"strings"
	"testing"
)

// only returns an inventory of the given repositories.
func only(repositories ...string) func(string) bool {
	return func(repository string) bool { return slices.Contains(repositories, repository) }
}

// TestRegistrySettings checks the effect of each setting of a registry.
func TestRegistrySettings(t *testing.T) {
	mount := "/v2/a/blobs/uploads/?mount=" + layer + "&from="
	tests := []struct {
		name     string
		registry Settings
		method   string
		path     string
		want     string // "" for refused
	}{
		{"blob deletion", Settings{DeleteBlobs: true}, "DELETE", "/v2/a/blobs/" + layer, "BatchDeleteImage@a"},
		{"no blob deletion", Settings{}, "DELETE", "/v2/a/blobs/" + layer, ""},

		{"unknown repository, start", Settings{Exists: only()}, "POST", "/v2/a/blobs/uploads/", "InitiateLayerUpload@a CreateRepository@a"},
		{"unknown repository, mount without a source", Settings{Exists: only()}, "POST", "/v2/a/blobs/uploads/?mount=x", "InitiateLayerUpload@a CreateRepository@a"},
		{"unknown repository, whole blob", Settings{Exists: only()}, "POST", "/v2/a/blobs/uploads/?digest=x", "InitiateLayerUpload@a UploadLayerPart@a CompleteLayerUpload@a CreateRepository@a"},
		{"unknown repository, mount", Settings{Exists: only()}, "POST", mount + "b", "InitiateLayerUpload@a CreateRepository@a GetDownloadUrlForLayer@b?"},
		{"unknown repository, manifest", Settings{Exists: only()}, "PUT", "/v2/a/manifests/v1", "PutImage@a CreateRepository@a"},
		{"unknown repository, read", Settings{Exists: only()}, "GET", "/v2/a/manifests/v1", "BatchGetImage@a"},
		{"unknown repository, chunk", Settings{Exists: only()}, "PATCH", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"unknown repository, completion", Settings{Exists: only()}, "PUT", "/v2/a/blobs/uploads/x?digest=x", "UploadLayerPart@a CompleteLayerUpload@a CreateRepository@a"},
		{"unknown repository, status", Settings{Exists: only()}, "GET", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"unknown repository, cancellation", Settings{Exists: only()}, "DELETE", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"unknown repository, mount without a usable source", Settings{Exists: only()}, "POST", mount + "B", "InitiateLayerUpload@a CreateRepository@a"},
		{"unknown repository, source without a mount", Settings{Exists: only()}, "POST", "/v2/a/blobs/uploads/?from=b", "InitiateLayerUpload@a CreateRepository@a"},
		{"known repository, chunk", Settings{Exists: only("a")}, "PATCH", "/v2/a/blobs/uploads/x", "UploadLayerPart@a"},
		{"known repository, completion", Settings{Exists: only("a")}, "PUT", "/v2/a/blobs/uploads/x?digest=x", "UploadLayerPart@a CompleteLayerUpload@a"},
		{"known repository, status", Settings{Exists: only("a")}, "GET", "/v2/a/blobs/uploads/x", "UploadLayerPart@a"},
		{"known repository, cancellation", Settings{Exists: only("a")}, "DELETE", "/v2/a/blobs/uploads/x", "UploadLayerPart@a"},
		{"known repository, start", Settings{Exists: only("a")}, "POST", "/v2/a/blobs/uploads/", "InitiateLayerUpload@a"},
		{"known repository, manifest", Settings{Exists: only("a")}, "PUT", "/v2/a/manifests/v1", "PutImage@a"},
		{"parent is known, child is not", Settings{Exists: only("a")}, "PUT", "/v2/a/b/manifests/v1", "PutImage@a/b CreateRepository@a/b"},

		{"cache, manifest", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hub/x/manifests/v1", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, manifest exists", Settings{PullThrough: []string{"hub"}}, "HEAD", "/v2/hub/x/manifests/v1", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, blob", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hub/x/blobs/x", "GetDownloadUrlForLayer@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, blob exists", Settings{PullThrough: []string{"hub"}}, "HEAD", "/v2/hub/x/blobs/x", "BatchCheckLayerAvailability|GetDownloadUrlForLayer@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, tags", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hub/x/tags/list", "ListImages@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, referrers", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hub/x/referrers/x", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache, unknown repository", Settings{PullThrough: []string{"hub"}, Exists: only()}, "GET", "/v2/hub/x/manifests/v1", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x CreateRepository@hub/x"},
		{"cache, blob of an unknown repository", Settings{PullThrough: []string{"hub"}, Exists: only()}, "HEAD", "/v2/hub/x/blobs/x", "BatchCheckLayerAvailability|GetDownloadUrlForLayer@hub/x BatchImportUpstreamImage@hub/x CreateRepository@hub/x"},
		{"cache, known repository", Settings{PullThrough: []string{"hub"}, Exists: only("hub/x")}, "GET", "/v2/hub/x/manifests/v1", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x"},
		{"cache as a source", Settings{PullThrough: []string{"hub"}, Exists: only("a")}, "POST", mount + "hub/x", "InitiateLayerUpload@a GetDownloadUrlForLayer@hub/x? BatchImportUpstreamImage@hub/x? CreateRepository@hub/x?"},
		{"cache as a target", Settings{PullThrough: []string{"hub"}}, "PUT", "/v2/hub/x/manifests/v1", "PutImage@hub/x"},
		{"not the cache: the prefix itself", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hub/manifests/v1", "BatchGetImage@hub"},
		{"not the cache: a longer component", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/hubs/x/manifests/v1", "BatchGetImage@hubs/x"},
		{"not the cache: another place", Settings{PullThrough: []string{"hub"}}, "GET", "/v2/x/hub/y/manifests/v1", "BatchGetImage@x/hub/y"},
		{"second cache, two components", Settings{PullThrough: []string{"hub", "k8s/io"}}, "GET", "/v2/k8s/io/x/manifests/v1", "BatchGetImage@k8s/io/x BatchImportUpstreamImage@k8s/io/x"},
		{"cache of the whole registry", Settings{PullThrough: []string{"ROOT"}}, "GET", "/v2/x/manifests/v1", "BatchGetImage@x BatchImportUpstreamImage@x"},

		{"all missing, start", Settings{AssumeMissing: true}, "POST", "/v2/a/blobs/uploads/", "InitiateLayerUpload@a CreateRepository@a"},
		{"all missing, manifest", Settings{AssumeMissing: true}, "PUT", "/v2/a/manifests/v1", "PutImage@a CreateRepository@a"},
		{"all missing, with an inventory", Settings{AssumeMissing: true, Exists: only("a")}, "PUT", "/v2/a/manifests/v1", "PutImage@a CreateRepository@a"},
		{"all missing, chunk", Settings{AssumeMissing: true}, "PATCH", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"all missing, completion", Settings{AssumeMissing: true}, "PUT", "/v2/a/blobs/uploads/x?digest=x", "UploadLayerPart@a CompleteLayerUpload@a CreateRepository@a"},
		{"all missing, status", Settings{AssumeMissing: true}, "GET", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"all missing, cancellation", Settings{AssumeMissing: true}, "DELETE", "/v2/a/blobs/uploads/x", "UploadLayerPart@a CreateRepository@a"},
		{"all missing, read", Settings{AssumeMissing: true}, "GET", "/v2/a/manifests/v1", "BatchGetImage@a"},
		{"all missing, delete", Settings{AssumeMissing: true}, "DELETE", "/v2/a/manifests/v1", "BatchDeleteImage@a"},
		{"all missing, cache", Settings{AssumeMissing: true, PullThrough: []string{"hub"}}, "GET", "/v2/hub/x/manifests/v1", "BatchGetImage@hub/x BatchImportUpstreamImage@hub/x CreateRepository@hub/x"},

		{"ECR names: double underscore", Settings{ECRNames: true}, "GET", "/v2/a__b/manifests/v1", ""},
		{"ECR names: one character", Settings{ECRNames: true}, "GET", "/v2/a/manifests/v1", ""},
		{"ECR names: source of one character", Settings{ECRNames: true}, "POST", "/v2/aa/blobs/uploads/?mount=x&from=b", "InitiateLayerUpload@aa"},
		{"ECR names: source with a double underscore", Settings{ECRNames: true}, "POST", "/v2/aa/blobs/uploads/?mount=x&from=b__c", "InitiateLayerUpload@aa"},
		{"ECR names: source of 257 characters", Settings{ECRNames: true}, "POST", "/v2/aa/blobs/uploads/?mount=x&from=" + strings.Repeat("b", 257), "InitiateLayerUpload@aa"},
		{"ECR names: source that ECR allows", Settings{ECRNames: true}, "POST", "/v2/aa/blobs/uploads/?mount=x&from=bb", "InitiateLayerUpload@aa GetDownloadUrlForLayer@bb?"},
		{"source of 256 characters", Settings{}, "POST", mount + strings.Repeat("b", 256), "InitiateLayerUpload@a"},
		{"ECR names: two characters", Settings{ECRNames: true}, "GET", "/v2/ab/manifests/v1", "BatchGetImage@ab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := test.registry
			g.Partition, g.Region, g.Account = "aws", "eu-central-1", "123456789012"
			m, refusal := g.Map(request(test.method, test.path))
			if refusal != nil {
				if test.want != "" {
					t.Errorf("refused: %s; want %s", refusal.Message, test.want)
				}
				return
			}
			if got := show(m); got != test.want {
				t.Errorf("needs %s; want %q", got, test.want)
			}
		})
	}
}

// TestResourcesAreOfTheRegistry checks partition, region and account of the ARNs.
func TestResourcesAreOfTheRegistry(t *testing.T) {
	g := Settings{Partition: "aws-cn", Region: "cn-north-1", Account: "210987654321"}
	m, refusal := g.Map(request("POST", "/v2/a/blobs/uploads/?mount="+layer+"&from=b%2fc"))
	if refusal != nil {
		t.Fatal(refusal.Message)
	}
	for i, want := range []Permission{
		{Action: "ecr:InitiateLayerUpload", Resource: "arn:aws-cn:ecr:cn-north-1:210987654321:repository/a", Repository: "a"},
		{Action: "ecr:GetDownloadUrlForLayer", Resource: "arn:aws-cn:ecr:cn-north-1:210987654321:repository/b/c", Repository: "b/c", Optional: true},
	} {
		if m.Permissions[i] != want {
			t.Errorf("got %+v; want %+v", m.Permissions[i], want)
		}
	}
	if got := m.RemoveUnlessOptional(); !slices.Equal(got, []string{"mount", "from"}) {
		t.Errorf("a mount without its source loses %q", got)
	}
}

// TestIncompleteRegistryRefuses checks that a registry without partition, region or account refuses
// every request.
func TestIncompleteRegistryRefuses(t *testing.T) {
	for name, g := range map[string]Settings{
		"zero":         {},
		"no partition": {Region: "eu-central-1", Account: "123456789012"},
		"no region":    {Partition: "aws", Account: "123456789012"},
		"no account":   {Partition: "aws", Region: "eu-central-1"},
	} {
		if m, refusal := g.Map(request("GET", "/v2/")); refusal == nil || refusal.Status != 500 {
			t.Errorf("%s: got %+v, %+v", name, m, refusal)
		}
	}
}

// TestValidate checks the errors of invalid settings.
func TestValidate(t *testing.T) {
	tests := []struct {
		name, want string // want: a part of the error, "" for none
		change     func(*Settings)
	}{
		{"unchanged", "", func(*Settings) {}},
		{"caches", "", func(g *Settings) { g.PullThrough = []string{"docker-hub", "a/b", "ROOT"} }},
		{"no partition", `partition ""`, func(g *Settings) { g.Partition = "" }},
		{"partition with a wildcard", `partition "aws*"`, func(g *Settings) { g.Partition = "aws*" }},
		{"region with a colon", `region "eu:1"`, func(g *Settings) { g.Region = "eu:1" }},
		{"region in upper case", `region "EU-1"`, func(g *Settings) { g.Region = "EU-1" }},
		{"account of eleven digits", `account "12345678901"`, func(g *Settings) { g.Account = "12345678901" }},
		{"account with a letter", `account "12345678901x"`, func(g *Settings) { g.Account = "12345678901x" }},
		{"cache with a final slash", `prefix "hub/"`, func(g *Settings) { g.PullThrough = []string{"hub/"} }},
		{"cache twice", `prefix "hub" is listed twice`, func(g *Settings) { g.PullThrough = []string{"hub", "ROOT", "hub"} }},
		{"cache that ECR cannot name", `prefix "a__b"`, func(g *Settings) { g.PullThrough, g.ECRNames = []string{"a__b"}, true }},
		{"empty cache", `prefix ""`, func(g *Settings) { g.PullThrough = []string{"hub", ""} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := testRegistry()
			test.change(g)
			err := g.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v; want %q", err, test.want)
			}
		})
	}
}

// TestValidRepository checks names at the limits of the two grammars.
func TestValidRepository(t *testing.T) {
	for name, want := range map[string]bool{
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): true, strings.Repeat("a", 257): false,
		strings.Repeat("a", 253) + "__a": false, "a": true, "team/app__x": true, "": false, "Team": false, "a/_policy": false, "a..b": false, "*": false,
	} {
		if got := ValidRepository(name); got != want {
			t.Errorf("%q: got %v; want %v", name, got, want)
		}
	}
}

// TestRepositoryARN checks that RepositoryARN and the permissions have the same ARN.
func TestRepositoryARN(t *testing.T) {
	g := testRegistry()
	m, refusal := g.Map(request("GET", "/v2/team/app/manifests/v1"))
	if refusal != nil {
		t.Fatal(refusal.Message)
	}
	if got := g.RepositoryARN("team/app"); got != m.Permissions[0].Resource || got != prefix+"team/app" {
		t.Errorf("got %q; the mapping has %q", got, m.Permissions[0].Resource)
	}
}
