package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// bodiesInChecks is an Envoy that includes request bodies of up to most bytes in checks, and
// allows a request whose check failed.
func bodiesInChecks(t *testing.T, most int) setup {
	t.Helper()
	spec := lax(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		authz := filter(t, listener, "envoy.filters.http.ext_authz")
		authz["failure_mode_allow"] = true
		authz["with_request_body"] = map[string]any{"max_request_bytes": most, "pack_as_bytes": true}
		service := authz["grpc_service"].(map[string]any)
		service["timeout"] = "60s" // a check that takes longer has failed
		service["retry_policy"].(map[string]any)["retry_back_off"].(map[string]any)["max_interval"] = "60s"
	})
	return spec
}

// unreadableIsDenied sends requests whose checks are too large. They are denied, even by an Envoy
// that allows failed checks, and the connection continues.
func unreadableIsDenied(t *testing.T, _ *system) {
	upstream := new(recorder)
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	spec := bodiesInChecks(t, 24<<20)
	spec.Upstream = strings.TrimPrefix(server.URL, "http://")
	sys := newSystem(t, spec)
	const path = "/v2/team/app/blobs/uploads/"
	for _, c := range []struct {
		name   string
		size   int
		status int
	}{
		{"a check that fits", 1 << 10, http.StatusOK},
		{"a check of more than 4 MiB", 5 << 20, http.StatusRequestEntityTooLarge},
		{"a check of 20 MiB", 20 << 20, http.StatusRequestEntityTooLarge},
		{"a check that fits afterwards", 1 << 10, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(upstream.all())
			a := send(t, sys.Address(stack.Envoy), "alice", http.MethodPost, path, bytes.NewReader(make([]byte, c.size))).hasStatus(t, c.status)
			if c.status != http.StatusOK {
				a.hasError(t, "DENIED", "too large to be authorized")
			}
			if passed := len(upstream.all()) - before; (passed > 0) != (c.status == http.StatusOK) {
				t.Errorf("the registry got %d requests", passed)
			}
		})
	}
}
