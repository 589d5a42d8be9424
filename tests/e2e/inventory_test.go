package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// listed is the safe Envoy before a registry with an inventory of what is in it.
func listed(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, ownPolicies)
	writeInventory(t, spec.Policies, known...)
	return spec
}

// known are the repositories that every inventory here lists.
var known = []string{"team/app", "shared/app", "secret/app"}

// writeInventory writes the inventory as the AWS CLI would print it.
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

// creatingIsAsked pushes to a repository that the inventory does not list. It
// asks ecr:CreateRepository for as long as the list does not have it, and only
// then.
func creatingIsAsked(t *testing.T, w *world) {
	const uploads = "/v2/team/new/blobs/uploads/"
	developers := filepath.Join(w.Policies, "managed", "developers.json")
	pushed := image(t, "the first of its repository")
	push := func(repository string) error {
		return remote.Write(w.through(t, repository, "v2"), pushed, as("alice"))
	}
	if err := push("team/app"); err != nil {
		t.Fatal(err)
	}
	w.creates(t, push("team/new"))

	turnInPlace(`"ecr:PutImage"`, `"ecr:PutImage", "ecr:CreateRepository"`)(t, developers)
	w.becomes(t, http.StatusAccepted, "alice", http.MethodPost, uploads)
	if err := push("team/new"); err != nil {
		t.Fatal(err)
	}

	turnInPlace(`, "ecr:CreateRepository"`, "")(t, developers)
	w.becomes(t, http.StatusForbidden, "alice", http.MethodPost, uploads)
	writeInventory(t, w.Policies, append(known[:len(known):len(known)], "team/new")...)
	w.becomes(t, http.StatusAccepted, "alice", http.MethodPost, uploads)
	if err := push("team/new"); err != nil {
		t.Error(err)
	}

	writeInventory(t, w.Policies, known...)
	w.becomes(t, http.StatusForbidden, "alice", http.MethodPost, uploads).
		wantsError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
	w.ask(t, "alice", http.MethodPut, "/v2/team/new/manifests/v3").wants(t, http.StatusForbidden)
	w.ask(t, "alice", http.MethodGet, "/v2/team/new/manifests/v2").wants(t, http.StatusOK)
	if err := push("team/app"); err != nil {
		t.Error(err)
	}
}

// creates wants the push that failed so to have been denied for creating
// team/new, which is not there. Requests about an upload that does not exist are
// denied too: some registries create the repository before they look for it.
func (w *world) creates(t *testing.T, err error) {
	t.Helper()
	denied(t, err, "ecr:CreateRepository", "team/new")
	w.ask(t, "alice", http.MethodPut, "/v2/team/new/manifests/v1").wants(t, http.StatusForbidden).
		wantsError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
	for _, method := range []string{http.MethodPatch, http.MethodPut, http.MethodGet, http.MethodDelete} {
		w.ask(t, "alice", method, "/v2/team/new/blobs/uploads/abc").wants(t, http.StatusForbidden).
			wantsError(t, "DENIED", "is not authorized to perform: ecr:CreateRepository on resource: "+repositoryARN+"team/new ")
		w.ask(t, "alice", method, "/v2/team/new/blobs/uploads/abc?digest="+layer(t, w.team)).wants(t, http.StatusForbidden)
	}
	send(t, w.Address(stack.Registry), "", http.MethodGet, "/v2/team/new/tags/list", nil).wants(t, http.StatusNotFound)
}

// allMissing pushes where every repository counts as missing: only who may
// create repositories pushes, and pulling stays as it is.
func allMissing(t *testing.T, w *world) {
	w.creates(t, remote.Write(w.through(t, "team/new", "v1"), image(t, "of alice"), as("alice")))
	denied(t, remote.Tag(w.through(t, "team/app", "v2"), w.team, as("alice")), "ecr:CreateRepository", "team/app")
	pulls(t, w, "alice", "team/app")
	if err := remote.Write(w.through(t, "team/new", "v1"), image(t, "of admin"), as("admin")); err != nil {
		t.Error(err)
	}
}
