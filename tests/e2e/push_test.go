package e2e

import (
	"io"
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"extauthz/tests/stack"
)

func pushAllowed(t *testing.T, sys *system) {
	pushed := image(t, "pushed by alice")
	if err := remote.Write(sys.through(t, "team/pushed", "v2"), pushed, as("alice")); err != nil {
		t.Fatal(err)
	}
	stored, err := remote.Image(sys.behind(t, "team/pushed", "v2"))
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, stored) != digest(t, pushed) {
		t.Errorf("the registry holds %s, want %s", digest(t, stored), digest(t, pushed))
	}
}

func pushDenied(t *testing.T, sys *system) {
	err := remote.Write(sys.through(t, "team/refused", "v1"), image(t, "pushed by bob"), as("bob"))
	denied(t, err, "ecr:InitiateLayerUpload", "team/refused")
	err = remote.Tag(sys.through(t, "team/app", "refused"), sys.team, as("bob"))
	denied(t, err, "ecr:PutImage", "team/app")
	for path, status := range map[string]int{
		"/v2/team/refused/tags/list":        http.StatusNotFound,
		"/v2/team/app/manifests/refused":    http.StatusNotFound,
		"/v2/team/app/manifests/v1":         http.StatusOK,
		"/v2/secret/app/manifests/anything": http.StatusNotFound,
	} {
		send(t, sys.Address(stack.Registry), "", http.MethodGet, path, nil).hasStatus(t, status)
	}
}

// bigBlob is larger than every buffer on the way.
func bigBlob(t *testing.T, sys *system) {
	const size = 24 << 20
	blob, err := random.Layer(size, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	repository := sys.through(t, "team/big", "v1").Context()
	if err := remote.WriteLayer(repository, blob, as("alice")); err != nil {
		t.Fatal(err)
	}
	d, err := blob.Digest()
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Layer(repository.Digest(d.String()), as("bob"))
	if err != nil {
		t.Fatal(err)
	}
	if n := drain(t, pulled); n < size {
		t.Errorf("%d bytes came back, want at least %d", n, size)
	}
}

// drain reads the blob, whose digest the client library checks at the end.
func drain(t *testing.T, blob v1.Layer) int64 {
	t.Helper()
	r, err := blob.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
