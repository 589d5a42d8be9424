package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"

	"extauthz/mapping"

	"extauthz/tests/stack"
)

// recorder is an upstream that records every request and answers 200.
type recorder struct {
	mu       sync.Mutex
	requests []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	text, err := httputil.DumpRequest(request, true)
	if err != nil {
		text = []byte(err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, string(text))
}

// all returns the requests so far.
func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

// recording starts a system with a recorder instead of the registry.
func recording(t *testing.T) (*system, *recorder) {
	t.Helper()
	return recordingOf(t, lax(t))
}

func recordingOf(t *testing.T, spec setup) (*system, *recorder) {
	t.Helper()
	r := new(recorder)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	spec.Upstream = strings.TrimPrefix(server.URL, "http://")
	return newSystem(t, spec), r
}

// credentialEndsAtEnvoy sends allowed requests with a password and with headers that a registry
// might build URLs from: neither reaches the registry, whether the answer removes all of
// these headers from every request, or those that the request has.
func credentialEndsAtEnvoy(t *testing.T, _ *system) {
	for name, spec := range map[string]setup{"all": lax(t), "present": removingPresent(t, lax(t)), "present in a map": removingPresent(t, laxText(t))} {
		t.Run(name, func(t *testing.T) { credentialEndsAt(t, spec) })
	}
}

// removingPresent returns a setup in which Envoy shows all headers of a request to the sidecar.
func removingPresent(t *testing.T, spec setup) setup {
	t.Helper()
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		routes := connectionManager(listener)["route_config"].(map[string]any)["virtual_hosts"].([]any)[0].(map[string]any)
		check := routes["typed_per_filter_config"].(map[string]any)["envoy.filters.http.ext_authz"].(map[string]any)["check_settings"].(map[string]any)
		check["context_extensions"] = map[string]any{"registry": "quickstart", "headers": "all"}
	})
	return spec
}

func credentialEndsAt(t *testing.T, spec setup) {
	sys, upstream := recordingOf(t, spec)
	for _, path := range []string{"/v2/", "/v2/team/app/manifests/v1", "/v2/team/app/blobs/uploads/"} {
		method := http.MethodGet
		if strings.HasSuffix(path, "uploads/") {
			method = http.MethodPost
		}
		request, err := http.NewRequest(method, "http://"+sys.Address(stack.Envoy)+path, bytes.NewReader(nil))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("alice", "alice-secret")
		for _, name := range mapping.RemoveHeaders() {
			request.Header.Set(name, "evil.example")
		}
		request.Header.Set("X-Harmless", "kept")
		exchange(t, http.DefaultClient, request).hasStatus(t, http.StatusOK)
	}
	seen := upstream.all()
	if len(seen) != 3 {
		t.Fatalf("the upstream saw %d requests, want 3", len(seen))
	}
	for _, request := range seen {
		for _, gone := range []string{"Authorization", "Basic ", "YWxpY2U6", "evil.example"} {
			if strings.Contains(request, gone) {
				t.Errorf("the upstream saw %q in\n%s", gone, request)
			}
		}
		if !strings.Contains(request, "X-Harmless: kept") {
			t.Errorf("the upstream misses a header that means nothing here:\n%s", request)
		}
	}
}

// nothingPassesUnanswered kills extauthz and sends requests that were allowed before.
func nothingPassesUnanswered(t *testing.T, _ *system) {
	sys, upstream := recording(t)
	sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK)
	if err := sys.Kill(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusServiceUnavailable)
	}
	if n := len(upstream.all()); n != 1 {
		t.Errorf("the upstream saw %d requests, want the 1 from before", n)
	}
	if err := sys.Start(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK)
}
