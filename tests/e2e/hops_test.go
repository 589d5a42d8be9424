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

// The addresses of clients in these scenarios: the policies let the first one in.
const (
	office = "127.0.0.5"
	home   = "127.0.0.6"
)

// fromOffice are policies that let alice in from one address alone.
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

// withoutHops takes the peer's address for the client's.
func withoutHops(t *testing.T) setup {
	t.Helper()
	return fromOffice(t, safe(t))
}

// withOneHop takes one proxy before Envoy for part of the way.
func withOneHop(t *testing.T) setup {
	t.Helper()
	spec := fromOffice(t, optioned("trustedHops: 1")(t))
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) { connectionManager(listener)["xff_num_trusted_hops"] = 1 })
	return spec
}

// withListedHop takes one proxy before Envoy, and knows its address.
func withListedHop(t *testing.T) setup {
	t.Helper()
	spec := fromOffice(t, optioned("trustedHops: 1\n  trustedProxies: [127.0.0.2]")(t))
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) { connectionManager(listener)["xff_num_trusted_hops"] = 1 })
	return spec
}

// from is a client with an address of its own.
func from(t *testing.T, address string) *http.Transport {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// list asks for tags as alice, from an address, at HOST:PORT, with values of
// x-forwarded-for of the client's own.
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

// peerIsClient has nobody before Envoy: what a client forwards counts for
// nothing.
func peerIsClient(t *testing.T, sys *system) {
	at := sys.Address(stack.Envoy)
	list(t, at, office).hasStatus(t, http.StatusOK)
	list(t, at, office, home).hasStatus(t, http.StatusOK)
	list(t, at, home).hasStatus(t, http.StatusForbidden)
	list(t, at, home, office).hasStatus(t, http.StatusForbidden)
	list(t, at, home, office+", "+office, office).hasStatus(t, http.StatusForbidden)
}

// peerIsPlain wants TLS of who may read, which x-forwarded-proto does not make of
// a plain connection.
func peerIsPlain(t *testing.T, sys *system) {
	sys.edit(t, "managed/developers.json", `"IpAddress": {"aws:SourceIp": "`+office+`/32"}`, `"Bool": {"aws:SecureTransport": "true"}`)
	login := basic("alice", "alice-secret")
	sys.getWith(t, "/v2/team/app/tags/list", login).hasStatus(t, http.StatusForbidden)
	sys.getWith(t, "/v2/team/app/tags/list", login, [2]string{"X-Forwarded-Proto", "https"}).hasStatus(t, http.StatusForbidden)
}

// front is a second Envoy before the first, with a sidecar of its own, which
// appends the client's address to x-forwarded-for and passes the password on. It
// does not come from 127.0.0.1, for which Envoy appends an address of its own.
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

// clientBehindProxy comes by the proxy: its address is the one that the proxy
// saw, whatever it says itself. Who comes around the proxy is refused, and so is
// a proxy whose address Envoy does not write.
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
	list(t, sys.Address(stack.Envoy), "127.0.0.1", office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "did not come by the proxies")
}

// clientAroundProxy is let in by the proxy that is listed, and refused if it
// connects to Envoy itself, whatever it writes into x-forwarded-for.
func clientAroundProxy(t *testing.T, sys *system) {
	at := front(t, sys)
	list(t, at, office).hasStatus(t, http.StatusOK)
	list(t, at, home, office).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:ListImages")
	for _, client := range []string{office, home} {
		for _, written := range [][]string{nil, {office}, {office, "127.0.0.2"}, {office + ", 127.0.0.2"}} {
			list(t, sys.Address(stack.Envoy), client, written...).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "did not come by the proxies")
		}
	}
}
