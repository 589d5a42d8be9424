package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// pulls pulls every byte of the team's image as user; the client library
// checks every digest.
func pulls(t *testing.T, sys *system, user, repository string) {
	t.Helper()
	image, err := remote.Image(sys.through(t, repository, "v1"), as(user))
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, image) != digest(t, sys.team) {
		t.Errorf("pulled %s, want %s", digest(t, image), digest(t, sys.team))
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

func pullAllowed(t *testing.T, sys *system) {
	pulls(t, sys, "alice", "team/app")
	pulls(t, sys, "bob", "team/app")
}

func pullAllowedByRepository(t *testing.T, sys *system) {
	pulls(t, sys, "dave", "shared/app")
	_, err := remote.Image(sys.through(t, "team/app", "v1"), as("dave"))
	denied(t, err, "ecr:BatchGetImage", "team/app")
}

func pullDenied(t *testing.T, sys *system) {
	_, err := remote.Image(sys.through(t, "secret/app", "v1"), as("alice"))
	denied(t, err, "ecr:BatchGetImage", "secret/app")
	sys.request(t, "alice", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "user/alice", "because no identity-based policy allows the ecr:BatchGetImage action")
	sys.request(t, "alice", http.MethodGet, "/v2/secret/app/blobs/"+layer(t, sys.secret)).hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "ecr:GetDownloadUrlForLayer")
}

// pullDeniedExplicitly pulls as bob, whose own policy allows it and whose repository's policy
// denies it.
func pullDeniedExplicitly(t *testing.T, sys *system) {
	_, err := remote.Image(sys.through(t, "secret/app", "v1"), as("bob"))
	denied(t, err, "ecr:BatchGetImage", "secret/app")
	sys.request(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "with an explicit deny in a resource-based policy")
}

// headDenied checks that a denied HEAD has no body and states the reason in its headers.
func headDenied(t *testing.T, sys *system) {
	a := sys.request(t, "alice", http.MethodHead, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden)
	if a.body != "" || a.header.Get("Content-Type") != "application/json" || a.header.Get("Content-Length") == "0" {
		t.Errorf("body %q, header %v: want the headers of the GET alone", a.body, a.header)
	}
	if got := a.header.Get("Docker-Content-Digest"); got != "" {
		t.Errorf("the denial reveals the digest %s", got)
	}
	if got := a.header.Get("X-Ecr-Authz-Reason"); !strings.Contains(got, "ecr:BatchGetImage") {
		t.Errorf("reason header %q, want the action denied", got)
	}
}
