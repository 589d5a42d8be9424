package e2e

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

func deleteManifest(t *testing.T, sys *system) {
	doomed := image(t, "about to be deleted")
	if err := remote.Write(sys.behind(t, "team/doomed", "v1"), doomed); err != nil {
		t.Fatal(err)
	}
	target := sys.through(t, "team/doomed", "v1").Digest(digest(t, doomed))
	denied(t, remote.Delete(target, as("alice")), "ecr:BatchDeleteImage", "team/doomed")
	path := "/v2/team/doomed/manifests/" + digest(t, doomed)
	send(t, sys.Address(stack.Registry), "", http.MethodGet, path, nil).hasStatus(t, http.StatusOK)

	if err := remote.Delete(target, as("admin")); err != nil {
		t.Fatal(err)
	}
	send(t, sys.Address(stack.Registry), "", http.MethodGet, path, nil).hasStatus(t, http.StatusNotFound)
}

// deleteBlob checks that deleting a blob is refused for every caller, because ECR has no
// such request.
func deleteBlob(t *testing.T, sys *system) {
	path := "/v2/team/app/blobs/" + layer(t, sys.team)
	sys.request(t, "admin", http.MethodDelete, path).hasError(t, "UNSUPPORTED")
	sys.hasBlob(t, "team/app", layer(t, sys.team), true)
}
