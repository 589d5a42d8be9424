package e2e

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

func deleteManifest(t *testing.T, w *world) {
	doomed := image(t, "about to be deleted")
	if err := remote.Write(w.behind(t, "team/doomed", "v1"), doomed); err != nil {
		t.Fatal(err)
	}
	target := w.through(t, "team/doomed", "v1").Digest(digest(t, doomed))
	denied(t, remote.Delete(target, as("alice")), "ecr:BatchDeleteImage", "team/doomed")
	path := "/v2/team/doomed/manifests/" + digest(t, doomed)
	send(t, w.Address(stack.Registry), "", http.MethodGet, path, nil).wants(t, http.StatusOK)

	if err := remote.Delete(target, as("admin")); err != nil {
		t.Fatal(err)
	}
	send(t, w.Address(stack.Registry), "", http.MethodGet, path, nil).wants(t, http.StatusNotFound)
}

// deleteBlob is refused to everybody, as ECR has nothing like it.
func deleteBlob(t *testing.T, w *world) {
	path := "/v2/team/app/blobs/" + layer(t, w.team)
	w.ask(t, "admin", http.MethodDelete, path).wantsError(t, "UNSUPPORTED")
	w.holds(t, "team/app", layer(t, w.team), true)
}
