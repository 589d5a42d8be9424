package e2e

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// meshed is one sidecar with two registries, each behind its own listener, as in a mesh: a
// accepts passwords and tokens, b only tokens, and each only tokens for its own audience.
func meshed(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	spec.second = freeAddress(t)
	spec.Envoy = rewritten(t, spec.Envoy, func(listeners []any) []any {
		return append(listeners, listenerB(t, listeners[0], spec.second))
	})
	write(t, filepath.Join(spec.Policies, "registries.yaml"), []byte(`registries:
- {name: oidc, hosts: [a.example.com], account: "123456789012", region: eu-central-1}
- {name: b, hosts: [b.example.com], account: "123456789012", region: us-east-1, sources: [bearer]}
`))
	return spec
}

// listenerB returns the listener for another registry at another address.
func listenerB(t *testing.T, like any, address string) map[string]any {
	t.Helper()
	text, err := yaml.Marshal(like)
	if err != nil {
		t.Fatal(err)
	}
	var copied map[string]any
	if err := yaml.Unmarshal(text, &copied); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	copied["name"] = "b"
	copied["address"] = map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}
	routes := connectionManager(copied)["route_config"].(map[string]any)["virtual_hosts"].([]any)[0].(map[string]any)
	check := routes["typed_per_filter_config"].(map[string]any)["envoy.filters.http.ext_authz"].(map[string]any)["check_settings"].(map[string]any)
	check["context_extensions"] = map[string]any{"registry": "b"}
	return copied
}

// freeAddress returns a loopback address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// at sends a GET to a listener, with a Host and headers.
func at(t *testing.T, address, host, path string, headers ...[2]string) answer {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	for _, h := range headers {
		request.Header[h[0]] = append(request.Header[h[0]], h[1])
	}
	return exchange(t, http.DefaultClient, request)
}

// twoRegistries checks that each registry answers only for its own host, with its own
// sources, in its own region, and accepts only tokens for its own audience.
func twoRegistries(t *testing.T, sys *system) {
	addressA := sys.Address(stack.Envoy)
	made := func(audience any) [2]string {
		return bearer(signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"aud": audience}))
	}
	forA, forB, robot := made("a.example.com"), made("b.example.com"), basic("robot", "robot-secret")
	forBoth := made([]string{"a.example.com", "b.example.com"})
	for _, c := range []struct {
		name, address, host string
		header              [2]string
		status              int
		text                string
	}{
		{"a token for a at a", addressA, "a.example.com", forA, http.StatusForbidden, "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app"},
		{"a token for b at b", sys.second, "b.example.com", forB, http.StatusForbidden, "arn:aws:ecr:us-east-1:123456789012:repository/secret/app"},
		{"a token for both at a", addressA, "a.example.com:443", forBoth, http.StatusForbidden, "eu-central-1"},
		{"a token for both at b", sys.second, "B.EXAMPLE.COM", forBoth, http.StatusForbidden, "us-east-1"},
		{"a token for a at b", sys.second, "b.example.com", forA, http.StatusUnauthorized, "a.example.com"},
		{"a token for b at a", addressA, "a.example.com", forB, http.StatusUnauthorized, "b.example.com"},
		{"a token for the audience that only Envoy accepts", addressA, "a.example.com", bearer(sys.issuers.workflow(t, mainBranch, nil)), http.StatusUnauthorized, audience},
		{"a password at a", addressA, "a.example.com", robot, http.StatusNotFound, "MANIFEST_UNKNOWN"},
		{"a password at b", sys.second, "b.example.com", robot, http.StatusUnauthorized, ""},
		{"b's host at a", addressA, "b.example.com", forB, http.StatusMisdirectedRequest, "DENIED"},
		{"b's host at a, for both", addressA, "b.example.com", forBoth, http.StatusMisdirectedRequest, "DENIED"},
		{"a's host at b", sys.second, "a.example.com", forA, http.StatusMisdirectedRequest, "DENIED"},
		{"a host that is none", addressA, "c.example.com", forA, http.StatusMisdirectedRequest, "DENIED"},
		{"a host below", addressA, "x.a.example.com", forA, http.StatusMisdirectedRequest, "DENIED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := at(t, c.address, c.host, "/v2/secret/app/manifests/none", c.header)
			answer.hasStatus(t, c.status).hasText(t, c.text)
		})
	}
	for _, header := range []string{"X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"} {
		at(t, addressA, "b.example.com", "/v2/secret/app/manifests/none", forBoth, [2]string{header, "a.example.com"}).
			hasStatus(t, http.StatusMisdirectedRequest)
	}
}
