package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// The addresses of clients in these scenarios. The policies allow the first one.
const (
	office = "127.0.0.5"
	home   = "127.0.0.6"
)

// fromOffice is a directory whose policies allow alice from one address only.
func fromOffice(t *testing.T, spec setup) setup {
	t.Helper()
	if spec.Policies == "" {
		spec.Policies = copyPolicies(t, ownPolicies)
	}
	turnInPlace(`"Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/team/*"`,
		`"Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/team/*",
		 "Condition": {"IpAddress": {"aws:SourceIp": "`+office+`/32"}}`)(t, filepath.Join(spec.Policies, "managed", "developers.json"))
	return spec
}

// withoutHops uses the peer's address as the client's.
func withoutHops(t *testing.T) setup {
	t.Helper()
	return fromOffice(t, safe(t))
}

// withOneHop trusts one proxy in front of Envoy.
func withOneHop(t *testing.T) setup {
	t.Helper()
	spec := fromOffice(t, optioned("trustedHops: 1")(t))
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) { connectionManager(listener)["xff_num_trusted_hops"] = 1 })
	return spec
}

// withListedHop trusts one proxy in front of Envoy, with its address configured.
func withListedHop(t *testing.T) setup {
	t.Helper()
	spec := fromOffice(t, optioned("trustedHops: 1\n  trustedProxies: [127.0.0.2]")(t))
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) { connectionManager(listener)["xff_num_trusted_hops"] = 1 })
	return spec
}

// from returns a transport that connects from an address.
func from(t *testing.T, address string) *http.Transport {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// list requests tags as alice from an address, at HOST:PORT, with the client's own values of
// x-forwarded-for.
func list(t *testing.T, at, address string, forwarded ...string) answer {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+at+"/v2/team/app/tags/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("alice", "alice-secret")
	request.Header["X-Forwarded-For"] = forwarded
	return exchange(t, &http.Client{Transport: from(t, address)}, request)
}

// peerIsClient has no proxy in front of Envoy: a client's own x-forwarded-for has no effect.
func peerIsClient(t *testing.T, sys *system) {
	at := sys.Address(stack.Envoy)
	list(t, at, office).hasStatus(t, http.StatusOK)
	list(t, at, office, home).hasStatus(t, http.StatusOK)
	list(t, at, home).hasStatus(t, http.StatusForbidden)
	list(t, at, home, office).hasStatus(t, http.StatusForbidden)
	list(t, at, home, office+", "+office, office).hasStatus(t, http.StatusForbidden)
}

// peerIsPlain has a policy that requires TLS. x-forwarded-proto does not make a plain
// connection count as TLS.
func peerIsPlain(t *testing.T, sys *system) {
	sys.edit(t, "managed/developers.json", `"IpAddress": {"aws:SourceIp": "`+office+`/32"}`, `"Bool": {"aws:SecureTransport": "true"}`)
	login := basic("alice", "alice-secret")
	sys.getWith(t, "/v2/team/app/tags/list", login).hasStatus(t, http.StatusForbidden)
	sys.getWith(t, "/v2/team/app/tags/list", login, [2]string{"X-Forwarded-Proto", "https"}).hasStatus(t, http.StatusForbidden)
}

// front starts a second Envoy in front of the first, with its own sidecar. It appends the
// client's address to x-forwarded-for and forwards the password. It does not connect from
// 127.0.0.1, because Envoy then appends another address.
func front(t *testing.T, sys *system) string {
	t.Helper()
	spec := optioned("passAuthorization: true")(t)
	config, err := os.ReadFile(spec.Envoy)
	if err != nil {
		t.Fatal(err)
	}
	const cluster = "  - name: registry\n    type: STATIC\n"
	if !strings.Contains(string(config), cluster) {
		t.Fatalf("%s has no %q", spec.Envoy, cluster)
	}
	spec.Upstream, spec.Envoy = sys.Address(stack.Envoy), filepath.Join(t.TempDir(), "envoy.yaml")
	bound := cluster + "    upstream_bind_config: { source_address: { address: 127.0.0.2, port_value: 0 } }\n"
	write(t, spec.Envoy, []byte(strings.Replace(string(config), cluster, bound, 1)))
	return newSystem(t, spec).Address(stack.Envoy)
}

// clientBehindProxy connects through the proxy: its address is the one that the proxy saw,
// whatever the client claims. A client that bypasses the proxy is refused, and so is a proxy
// whose address Envoy does not append.
func clientBehindProxy(t *testing.T, sys *system) {
	at := front(t, sys)
	list(t, at, office).hasStatus(t, http.StatusOK)
	list(t, at, office, home).hasStatus(t, http.StatusOK)
	list(t, at, home).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:ListImages")
	list(t, at, home, office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:ListImages")
	list(t, at, home, office+", "+office, office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:ListImages")
	list(t, at, home, "nonsense").hasStatus(t, http.StatusForbidden)

	list(t, sys.Address(stack.Envoy), office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED")
	list(t, sys.Address(stack.Envoy), office, "nonsense").hasStatus(t, http.StatusForbidden).hasError(t, "DENIED")
	list(t, sys.Address(stack.Envoy), "127.0.0.1", office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "did not come through the required proxies")
}

// clientAroundProxy is allowed through the listed proxy. It is refused if it connects to
// Envoy directly, whatever it writes into x-forwarded-for.
func clientAroundProxy(t *testing.T, sys *system) {
	at := front(t, sys)
	list(t, at, office).hasStatus(t, http.StatusOK)
	list(t, at, home, office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:ListImages")
	for _, client := range []string{office, home} {
		for _, written := range [][]string{nil, {office}, {office, "127.0.0.2"}, {office + ", 127.0.0.2"}} {
			list(t, sys.Address(stack.Envoy), client, written...).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "did not come through the required proxies")
		}
	}
}
