package clients

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// entry is a line of Envoy's access log.
type entry struct {
	Method, Path string
	Status       int
}

// mounted reports whether a blob was mounted into a repository whose manifest was pushed through
// Envoy. It reads Envoy's log: of the requests that open an upload, only a mount has status 201.
func (w *system) mounted(t *testing.T, repository string) bool {
	t.Helper()
	mount := func(e entry) bool {
		return e.Method == http.MethodPost && e.Status == http.StatusCreated && strings.HasSuffix(strings.TrimSuffix(e.Path, "/"), "/blobs/uploads")
	}
	manifest := func(e entry) bool { return e.Method == http.MethodPut && strings.Contains(e.Path, "/manifests/") }
	for range 1200 { // a minute; Envoy writes its log ten times a second
		if w.logged(repository, manifest) {
			return w.logged(repository, mount)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("Envoy logged no push to %s", repository)
	return false
}

// deniesHead waits until Envoy has logged a denied request to the repository, and reports whether a
// HEAD request was denied. Clients send that before other requests that are denied.
func (w *system) deniesHead(t *testing.T, repository string) bool {
	t.Helper()
	denied := func(e entry) bool { return e.Status == http.StatusForbidden }
	for range 1200 { // a minute; Envoy writes its log ten times a second
		if w.logged(repository, denied) {
			return w.logged(repository, func(e entry) bool { return denied(e) && e.Method == http.MethodHead })
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("Envoy logged no denial of a request to %s", repository)
	return false
}

// logged reports whether Envoy logged such a request to the repository.
func (w *system) logged(repository string, such func(entry) bool) bool {
	for line := range strings.Lines(w.Log(stack.Envoy)) {
		var e entry
		if json.Unmarshal([]byte(line), &e) == nil && strings.HasPrefix(e.Path, "/v2/"+repository+"/") && such(e) {
			return true
		}
	}
	return false
}
