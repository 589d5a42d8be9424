package doctor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/diag"
	_ "extauthz/goldentest"
	"extauthz/identity"
	"extauthz/policystore"
)

// examples are the configurations in examples/ that are for an Envoy without a control plane,
// and the policy directory of each, "" for one that the operator adds.
func examples() map[string]string {
	return map[string]string{
		"../examples/quickstart/envoy.yaml":   "../examples/quickstart/policies",
		"../examples/mtls/envoy.yaml":         "../examples/mtls/policies",
		"../examples/oidc/envoy.yaml":         "../examples/oidc/policies",
		"../examples/signin/envoy.yaml":       "../examples/signin/policies",
		"../examples/combined/envoy.yaml":     "../examples/combined/policies",
		"../examples/compose/envoy.yaml":      "",
		"../charts/extauthz/files/envoy.yaml": "",
		"../extauthztest/envoy.yaml":          "",
	}
}

// read returns the text of a file.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// optionsFor returns the options with the policies of a directory, "" for none.
func optionsFor(t *testing.T, policies string) Options {
	t.Helper()
	o := Options{Unchecked: []string{"signin"}} // in the example with the sign-in service
	if policies == "" {
		return o
	}
	snapshot, err := policystore.Load(filepath.FromSlash(policies), decision.Options{CacheSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.Policies = snapshot
	return o
}

// findings returns the findings of a check of one file.
func findings(t *testing.T, text string, o Options) diag.List {
	t.Helper()
	var c Config
	if err := c.Add("envoy.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return Check(&c, o)
}

func TestExamplesHaveNoFindings(t *testing.T) {
	for file, policies := range examples() {
		t.Run(file, func(t *testing.T) {
			for _, f := range findings(t, read(t, file), optionsFor(t, policies)) {
				t.Error(f.Text())
			}
		})
	}
}

// TestBrokenExamples breaks one line of each example at a time.
func TestBrokenExamples(t *testing.T) {
	cases := []struct {
		name     string
		old, new string // the line of the example, and what is there instead
		want     code
		policies bool // the finding needs the policy directory
		atLeast  int  // in how many examples old occurs
	}{
		{"failures allowed", "failure_mode_allow: false", "failure_mode_allow: true", failureAllowed, false, 7},
		{"no filter", "extensions.filters.http.ext_authz.v3.ExtAuthz\n", "extensions.filters.http.router.v3.Router\n", noCheck, false, 7},
		{"HTTP service", "              grpc_service:\n", "              http_service:\n", noCheck, false, 7},
		{"shadow mode", "failure_mode_allow: false", "shadow_mode: true", shadowMode, false, 7},
		{"half of the requests", "failure_mode_allow: false", "filter_enabled: { default_value: { numerator: 50 } }", sometimesChecked, false, 7},
		{"requests with metadata", "failure_mode_allow: false", "filter_enabled_metadata: { filter: x, path: [ { key: y } ] }", sometimesChecked, false, 7},
		{"route cache", "failure_mode_allow: false", "clear_route_cache: true", routeCacheCleared, false, 7},
		{"bodies", "failure_mode_allow: false", "with_request_body: { max_request_bytes: 1 }", bodyBuffered, false, 7},
		{"allowed headers", "failure_mode_allow: false", "allowed_headers: { patterns: [ { exact: authorization } ] }", hiddenHeader, false, 7},
		{"disallowed header", "exact: cookie", "prefix: x-original", hiddenHeader, false, 7},
		{"disallowed header that is removed", "exact: cookie", "exact: forwarded", removedUnseen, false, 7},
		{"default timeout", "timeout: 0.5s", "initial_metadata: []", noTimeout, false, 6},
		{"no timeout", "timeout: 0.5s", "timeout: 0s", noTimeout, false, 6},
		{"short tries", "max_interval: 0.5s", "max_interval: 0.1s", shortRetry, false, 6},
		{"no retry", "                retry_policy:\n", "                metadata:\n", noRetry, false, 6},
		{"no circuit breakers", "circuit_breakers:", "track_cluster_stats:", noCircuitBreaker, false, 6},
		{"HTTP/1.1 to extauthz", "explicit_http_config: { http2_protocol_options: {} }", "explicit_http_config: { http_protocol_options: {} }", noHTTP2, false, 6},
		{"check disabled on the routes", "                  check_settings:\n", "                  disabled: true\n                  ignored:\n", uncheckedRoute, false, 7},
		{"filter disabled on the routes", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute\n                  check_settings:\n",
			"envoy.config.route.v3.FilterConfig\n                  disabled: true\n                  ignored:\n", uncheckedRoute, false, 6},
		{"filter under another name", "          - name: envoy.filters.http.ext_authz\n", "          - name: authorization\n            disabled: true\n", uncheckedRoute, false, 7},
		{"path rewritten", "route: { cluster: registry }", "route: { cluster: registry, prefix_rewrite: /v3 }", pathRewritten, false, 5},
		{"redirects followed", "route: { cluster: registry }", "route: { cluster: registry, internal_redirect_policy: {} }", internalRedirect, false, 5},
		{"upgrade", "          use_remote_address: true\n", "          use_remote_address: true\n          upgrade_configs: [ { upgrade_type: websocket, filters: [ { name: x } ] } ]\n", upgradeUnchecked, false, 7},
		{"script after the check", "          - name: envoy.filters.http.router\n", "          - name: lua\n            typed_config: { \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua }\n          - name: envoy.filters.http.router\n", changedAfterCheck, false, 7},
		{"another listener", "  clusters:\n", "  - filter_chains: [ { filters: [ { typed_config: { \"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: registry } } ] } ]\n  clusters:\n", otherRoute, false, 6},
		{"query in the access log", "%PATH(NQ:PATH)%", "%REQ(:PATH)%", queryLogged, false, 6},
		{"no certificates verified", "trusted_ca: { filename: /certs/client-ca.crt }", "trust_chain_verification: ACCEPT_UNTRUSTED", unverifiedPeer, false, 3},
		{"no authority", "validation_context:", "custom_handshaker:", unverifiedPeer, true, 2},
		{"no certificate in the check", "include_peer_certificate: true", "include_peer_certificate: false", noCertificate, true, 2},
		{"no metadata in the check", "metadata_context_namespaces: [envoy.filters.http.jwt_authn]", "metadata_context_namespaces: []", noTokenMetadata, true, 2},
		{"metadata of another name", "payload_in_metadata: github", "payload_in_metadata: gitlab", noTokenMetadata, true, 2},
		{"registry of another name", "context_extensions: { registry: ", "context_extensions: { registry: x", unknownRegistry, true, 4},
		{"registry without a route", "context_extensions: { registry: ", "context_extensions: { registry: x", unusedRegistry, true, 4},
		{"no registry named", "context_extensions: { registry: ", "context_extensions: { other: ", unnamedRegistry, true, 4},
		{"trusted hops", "use_remote_address: true", "xff_num_trusted_hops: 3", trustedHopsMismatch, true, 4},
		{"trusted header on any connection", "tls_context: { presented: true, validated: true }", "headers: []", forgeableHeader, false, 1},
		{"trusted header not removed", "- remove: x-auth-request-email", "- remove: x-other", headerNotRemoved, true, 1},
		{"admin interface", "admin:\n  address: {", "admin:\n  address: { socket_address: { address: 0.0.0.0, port_value: 9901 } }\n  ignored: {", adminReachable, false, 5},
	}
	options := map[string]Options{}
	for file, policies := range examples() {
		options[file] = optionsFor(t, policies)
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			found := 0
			for file, o := range options {
				text := read(t, file)
				switch {
				case !strings.Contains(text, test.old):
					continue
				case !test.policies:
					o.Policies = nil
				case o.Policies == nil || test.want.isAboutCertificates() && !acceptsCertificates(o):
					continue
				}
				found++
				broken := strings.ReplaceAll(text, test.old, test.new)
				if all := findings(t, broken, o); !has(all, test.want) {
					t.Errorf("%s: findings %v, want %s", file, all, test.want)
				}
			}
			if found < test.atLeast {
				t.Errorf("%d examples contain %q, want at least %d", found, test.old, test.atLeast)
			}
		})
	}
}

// has reports whether a list has a finding of a code, with what to write instead.
func has(all diag.List, want code) bool {
	for _, f := range all {
		if f.Code == string(want) && f.Remedy != "" && f.Line > 0 {
			return true
		}
	}
	return false
}

func (c code) isAboutCertificates() bool { return c == noCertificate || c == unverifiedPeer }

// acceptsCertificates reports whether a registry of the policies accepts client certificates.
func acceptsCertificates(o Options) bool {
	d := doctor{options: o}
	return slices.ContainsFunc(o.Policies.RegistryNames(), func(name string) bool {
		return d.accepts(o.Policies.RegistryNamed(name), identity.MTLS)
	})
}
