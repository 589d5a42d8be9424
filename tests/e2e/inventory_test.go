package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// listed is the safe Envoy in front of a registry with an inventory.
func listed(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, ownPolicies)
	writeInventory(t, spec.Policies, known...)
	return spec
}

// known lists the repositories of every inventory.
var known = []string{"team/app", "shared/app", "secret/app"}

// writeInventory writes the inventory as the AWS CLI prints it.
func writeInventory(t *testing.T, policies string, names ...string) {
	t.Helper()
	type repository struct {
		ARN  string `json:"repositoryArn"`
		ID   string `json:"registryId"`
		Name string `json:"repositoryName"`
	}
	list := struct {
		Repositories []repository `json:"repositories"`
	}{}
	for _, name := range names {
		list.Repositories = append(list.Repositories, repository{repositoryARN + name, "123456789012", name})
	}
	text, err := json.MarshalIndent(list, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(policies, repositories+".json"), text)
}

// creatingNeedsPermission pushes to a repository that the inventory does not list. The push
// needs ecr:CreateRepository as long as the repository is not listed, and only then.
func creatingNeedsPermission(t *testing.T, sys *system) {
	const uploads = "/v2/team/new/blobs/uploads/"
	developers := filepath.Join(sys.Policies, "managed", "developers.json")
	pushed := image(t, "the first of its repository")
	push := func(repository string) error {
		return remote.Write(sys.through(t, repository, "v2"), pushed, as("alice"))
	}
	if err := push("team/app"); err != nil {
		t.Fatal(err)
	}
	sys.creates(t, push("team/new"))

	turnInPlace(`"ecr:PutImage"`, `"ecr:PutImage", "ecr:CreateRepository"`)(t, developers)
	sys.becomes(t, http.StatusAccepted, "alice", http.MethodPost, uploads)
	if err := push("team/new"); err != nil {
		t.Fatal(err)
	}

	turnInPlace(`, "ecr:CreateRepository"`, "")(t, developers)
	sys.becomes(t, http.StatusForbidden, "alice", http.MethodPost, uploads)
	writeInventory(t, sys.Policies, append(known[:len(known):len(known)], "team/new")...)
	sys.becomes(t, http.StatusAccepted, "alice", http.MethodPost, uploads)
	if err := push("team/new"); err != nil {
		t.Error(err)
	}

	writeInventory(t, sys.Policies, known...)
	sys.becomes(t, http.StatusForbidden, "alice", http.MethodPost, uploads).
		hasError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
	sys.request(t, "alice", http.MethodPut, "/v2/team/new/manifests/v3").hasStatus(t, http.StatusForbidden)
	sys.request(t, "alice", http.MethodGet, "/v2/team/new/manifests/v2").hasStatus(t, http.StatusOK)
	if err := push("team/app"); err != nil {
		t.Error(err)
	}
}

// creates checks that the push failed because team/new does not exist and may not be created.
// Requests about an upload that does not exist are denied too: some registries create the
// repository before they search for the upload.
func (sys *system) creates(t *testing.T, err error) {
	t.Helper()
	denied(t, err, "ecr:CreateRepository", "team/new")
	sys.request(t, "alice", http.MethodPut, "/v2/team/new/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
	for _, method := range []string{http.MethodPatch, http.MethodPut, http.MethodGet, http.MethodDelete} {
		sys.request(t, "alice", method, "/v2/team/new/blobs/uploads/abc").hasStatus(t, http.StatusForbidden).
			hasError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
		sys.request(t, "alice", method, "/v2/team/new/blobs/uploads/abc?digest="+layer(t, sys.team)).hasStatus(t, http.StatusForbidden)
	}
	send(t, sys.Address(stack.Registry), "", http.MethodGet, "/v2/team/new/tags/list", nil).hasStatus(t, http.StatusNotFound)
}

// allMissing pushes where every repository counts as missing: only callers that may create
// repositories can push, and pulling is unchanged.
func allMissing(t *testing.T, sys *system) {
	sys.creates(t, remote.Write(sys.through(t, "team/new", "v1"), image(t, "of alice"), as("alice")))
	denied(t, remote.Tag(sys.through(t, "team/app", "v2"), sys.team, as("alice")), "ecr:CreateRepository", "team/app")
	pulls(t, sys, "alice", "team/app")
	if err := remote.Write(sys.through(t, "team/new", "v1"), image(t, "of admin"), as("admin")); err != nil {
		t.Error(err)
	}
}
