package e2e

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// mount mounts a blob in repository as alice, who may push to team/*.
func (sys *system) mount(t *testing.T, repository, blob, from string) answer {
	t.Helper()
	return sys.mountAs(t, "alice", repository, blob, from)
}

// mountAs mounts a blob in repository from another one, or from any if from is "".
func (sys *system) mountAs(t *testing.T, user, repository, blob, from string) answer {
	t.Helper()
	query := "?mount=" + blob
	if from != "" {
		query += "&from=" + from
	}
	return sys.request(t, user, http.MethodPost, "/v2/"+repository+"/blobs/uploads/"+query)
}

// hasBlob checks whether the registry serves the blob from repository.
func (sys *system) hasBlob(t *testing.T, repository, blob string, want bool) {
	t.Helper()
	status := http.StatusNotFound
	if want {
		status = http.StatusOK
	}
	send(t, sys.Address(stack.Registry), "", http.MethodHead, "/v2/"+repository+"/blobs/"+blob, nil).hasStatus(t, status)
}

func mountAllowed(t *testing.T, sys *system) {
	blob := layer(t, sys.team)
	sys.hasBlob(t, "team/mounted", blob, false)
	sys.mount(t, "team/mounted", blob, "team/app").hasStatus(t, http.StatusCreated)
	sys.hasBlob(t, "team/mounted", blob, true)
}

// mountNotAllowed has a source that alice may not read: the registry starts a plain upload, as
// for a blob that does not exist.
func mountNotAllowed(t *testing.T, sys *system) {
	blob := layer(t, sys.secret)
	a := sys.mount(t, "team/stolen", blob, "secret/app").hasStatus(t, http.StatusAccepted)
	if got := a.header.Get("Location"); !strings.HasPrefix(got, "/v2/team/stolen/blobs/uploads/") {
		t.Errorf("Location %q, want an upload of the target", got)
	}
	sys.hasBlob(t, "team/stolen", blob, false)
	sys.hasBlob(t, "secret/app", blob, true)
}

// pushWithMountNotAllowed is a client that tries to mount from a repository
// that alice may not read, and uploads the layer when it cannot: the push
// succeeds. Completing an upload with its digest does not give access to the secret blob.
func pushWithMountNotAllowed(t *testing.T, sys *system) {
	pushed := image(t, "pushed by alice who tried to mount")
	layers, err := pushed.Layers()
	if err != nil {
		t.Fatal(err)
	}
	mountable, err := mutate.AppendLayers(empty.Image, &remote.MountableLayer{Layer: layers[0], Reference: sys.through(t, "secret/app", "v1")})
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(sys.through(t, "team/remounted", "v1"), mountable, as("alice")); err != nil {
		t.Fatal(err)
	}
	sys.hasBlob(t, "team/remounted", layer(t, pushed), true)
	blob := layer(t, sys.secret)
	upload := sys.mount(t, "team/remounted", blob, "secret/app").hasStatus(t, http.StatusAccepted).header.Get("Location")
	sys.request(t, "alice", http.MethodPut, upload+"&digest="+blob).hasStatus(t, http.StatusBadRequest)
	sys.hasBlob(t, "team/remounted", blob, false)
	sys.request(t, "alice", http.MethodGet, "/v2/team/remounted/blobs/"+blob).hasStatus(t, http.StatusNotFound)
}

// mountFromAnywhere does not name a source, so its permission cannot be checked.
func mountFromAnywhere(t *testing.T, sys *system) {
	blob := layer(t, sys.secret)
	sys.mount(t, "team/found", blob, "").hasStatus(t, http.StatusAccepted)
	sys.hasBlob(t, "team/found", blob, false)
}

// unusableSources are queries of a mount whose source cannot be a repository, or that lack one
// of the two parameters.
var unusableSources = []string{
	"mount={blob}&from=",
	"mount={blob}&from",
	"mount={blob}&from=Secret/app",
	"mount={blob}&from=other.example.com:5000/secret/app",
	"mount={blob}&from=other.example.com%3A5000%2Fsecret%2Fapp",
	"from=secret//app&mount={blob}",
	"mount={blob}&from=/secret/app",
	"mount={blob}&from=secret/app/",
	"mount={blob}&from=secret/app@{blob}",
	"mount={blob}&ns=secret/app",
	"mount=&from=secret/app",
	"from=secret/app&digest-algorithm=sha256",
	"from=secret/app",
}

// mountFromNoName starts an upload each time. Nothing is mounted, and the client completes the
// upload as usual.
func mountFromNoName(t *testing.T, sys *system) {
	blob := layer(t, sys.secret)
	const body = "what a client uploads when it cannot mount"
	for i, query := range unusableSources {
		repository := fmt.Sprint("team/unnamed", i)
		query = strings.ReplaceAll(query, "{blob}", blob)
		upload := sys.request(t, "alice", http.MethodPost, "/v2/"+repository+"/blobs/uploads/?"+query)
		if upload.status != http.StatusAccepted {
			t.Errorf("%s: status %d, want 202; body %q", query, upload.status, upload.body)
			continue
		}
		sys.hasBlob(t, repository, blob, false)
		own := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body)))
		location, separator := upload.header.Get("Location"), "?"
		if strings.Contains(location, "?") {
			separator = "&"
		}
		send(t, sys.Address(stack.Envoy), "alice", http.MethodPut, location+separator+"digest="+own, strings.NewReader(body)).hasStatus(t, http.StatusCreated)
		sys.hasBlob(t, repository, own, true)
	}
	sys.hasBlob(t, "secret/app", blob, true)
}

// mountFromNoECRName has a source that the registry accepts and whose name ECR does not allow:
// the parameters are removed, and nothing is mounted.
func mountFromNoECRName(t *testing.T, sys *system) {
	blob := layer(t, sys.team)
	for i, source := range []string{"team/one__two", "team/one--two", "x"} {
		if err := remote.Write(sys.behind(t, source, "v1"), sys.team); err != nil {
			t.Fatal(err)
		}
		direct, around := fmt.Sprint("team/direct", i), fmt.Sprint("team/around", i)
		send(t, sys.Address(stack.Registry), "", http.MethodPost, "/v2/"+direct+"/blobs/uploads/?mount="+blob+"&from="+source, nil).hasStatus(t, http.StatusCreated)
		sys.mount(t, around, blob, source).hasStatus(t, http.StatusAccepted)
		sys.hasBlob(t, direct, blob, true)
		sys.hasBlob(t, around, blob, false)
	}
}
