package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pulls pulls every byte of the team's image as user; the client library
// checks every digest.
func pulls(t *testing.T, w *world, user, repository string) {
	t.Helper()
	image, err := remote.Image(w.through(t, repository, "v1"), as(user))
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, image) != digest(t, w.team) {
		t.Errorf("pulled %s, want %s", digest(t, image), digest(t, w.team))
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers (%v), want 1", len(layers), err)
	}
	drain(t, layers[0])
	if _, err := image.RawConfigFile(); err != nil {
		t.Error(err)
	}
}

func pullAllowed(t *testing.T, w *world) {
	pulls(t, w, "alice", "team/app")
	pulls(t, w, "bob", "team/app")
}

func pullAllowedByRepository(t *testing.T, w *world) {
	pulls(t, w, "dave", "shared/app")
	_, err := remote.Image(w.through(t, "team/app", "v1"), as("dave"))
	denied(t, err, "ecr:BatchGetImage", "team/app")
}

func pullDenied(t *testing.T, w *world) {
	_, err := remote.Image(w.through(t, "secret/app", "v1"), as("alice"))
	denied(t, err, "ecr:BatchGetImage", "secret/app")
	w.ask(t, "alice", http.MethodGet, "/v2/secret/app/manifests/v1").wants(t, http.StatusForbidden).
		wantsError(t, "DENIED", "user/alice", "because no identity-based policy allows the ecr:BatchGetImage action")
	w.ask(t, "alice", http.MethodGet, "/v2/secret/app/blobs/"+layer(t, w.secret)).wants(t, http.StatusForbidden).
		wantsError(t, "DENIED", "ecr:GetDownloadUrlForLayer")
}

// pullDeniedExplicitly has bob, whom his own policy allows and the
// repository's denies.
func pullDeniedExplicitly(t *testing.T, w *world) {
	_, err := remote.Image(w.through(t, "secret/app", "v1"), as("bob"))
	denied(t, err, "ecr:BatchGetImage", "secret/app")
	w.ask(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").wants(t, http.StatusForbidden).
		wantsError(t, "DENIED", "with an explicit deny in a resource-based policy")
}

// headDenied has an answer without a body, whose headers still tell why.
func headDenied(t *testing.T, w *world) {
	a := w.ask(t, "alice", http.MethodHead, "/v2/secret/app/manifests/v1").wants(t, http.StatusForbidden)
	if a.body != "" || a.header.Get("Content-Type") != "application/json" || a.header.Get("Content-Length") == "0" {
		t.Errorf("body %q, header %v: want the headers of the GET alone", a.body, a.header)
	}
	if got := a.header.Get("Docker-Content-Digest"); got != "" {
		t.Errorf("the denial tells the digest %s", got)
	}
	if got := a.header.Get("X-Ecr-Authz-Reason"); !strings.Contains(got, "ecr:BatchGetImage") {
		t.Errorf("reason header %q, want the action denied", got)
	}
}
