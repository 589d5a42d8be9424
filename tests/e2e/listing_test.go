package e2e

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func tagList(t *testing.T, sys *system) {
	tags, err := remote.List(sys.through(t, "team/app", "v1").Context(), as("bob"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "tags", tags, "v1")
	_, err = remote.List(sys.through(t, "secret/app", "v1").Context(), as("alice"))
	denied(t, err, "ecr:ListImages", "secret/app")
}

// catalog returns all names or none: it needs a permission on every repository.
func catalog(t *testing.T, sys *system) {
	all, err := remote.Catalog(context.Background(), sys.through(t, "team/app", "v1").Registry, as("admin"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 3 {
		t.Errorf("catalog %q, want at least 3 repositories", all)
	}
	sys.request(t, "alice", http.MethodGet, "/v2/_catalog").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "ecr:DescribeRepositories", repositoryARN+"*")
}
