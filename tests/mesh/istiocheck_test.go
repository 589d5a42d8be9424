package mesh

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// istioCheck is the ext_authz filter of Istio. It lacks what the README of the example says that
// Istio does not send: raw headers, the certificate, and namespaces of metadata. There is no retry.
const istioCheck = `{
	"@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
	"transport_api_version": "V3",
	"status_on_error": { "code": "ServiceUnavailable" },
	"grpc_service": {
		"timeout": "0.500s",
		"envoy_grpc": { "authority": "extauthz.registry.svc.cluster.local", "cluster_name": "outbound|9191||extauthz.registry.svc.cluster.local" }
	},
	"filter_enabled_metadata": {
		"filter": "envoy.filters.http.rbac",
		"path": [ { "key": "istio_ext_authz_shadow_effective_policy_id" } ],
		"value": { "string_match": { "prefix": "istio-ext-authz-extauthz" } }
	}
}`

// istioRule is the filter before it. Its one rule matches every request, so that each is checked.
const istioRule = `{
	"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
	"shadow_rules_stat_prefix": "istio_ext_authz_",
	"shadow_rules": {
		"action": "DENY",
		"policies": { "istio-ext-authz-extauthz-ns[registry]-policy[registries]-rule[0]": {
			"permissions": [ { "and_rules": { "rules": [ { "any": true } ] } } ],
			"principals": [ { "and_ids": { "ids": [ { "any": true } ] } } ]
		} }
	}
}`

// TestIstioCheck checks in the recording what the README of the example says about checks.
func TestIstioCheck(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "istio.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "context_extensions") || strings.Contains(string(text), "envoy.filters.http.ext_authz\": {") {
		t.Error("a route has settings of ext_authz; update the README of the example, which says that there are none")
	}
	var recorded any
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	connections := objects(recorded, "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
	if len(connections) != 1 {
		t.Fatalf("%d connection managers, want 1", len(connections))
	}
	for name, want := range map[string]any{
		"normalize_path": false, "merge_slashes": nil, "path_with_escaped_slashes_action": "REJECT_REQUEST",
		"use_remote_address": true, "forward_client_cert_details": "SANITIZE_SET", "request_timeout": "0s",
	} {
		if got := connections[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	filters := connections[0]["http_filters"].([]any)
	for i, want := range []string{istioRule, istioCheck} {
		if got := indented(t, filters[i].(map[string]any)["typed_config"]); got != indented(t, json.RawMessage(want)) {
			t.Errorf("filter %d is %s, want %s", i, got, want)
		}
	}
	// None of the filters after the check changes a request or its route: Istio sets no faults and
	// no CORS.
	var after []string
	for _, filter := range filters[2:] {
		after = append(after, filter.(map[string]any)["name"].(string))
	}
	if want := []string{"envoy.filters.http.grpc_stats", "envoy.filters.http.fault", "envoy.filters.http.cors", "envoy.filters.http.router"}; !slices.Equal(after, want) {
		t.Errorf("the filters after the check are %q, want %q", after, want)
	}
}

// objects returns the messages of a type in a configuration.
func objects(node any, kind string) (found []map[string]any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			found = append(found, objects(child, kind)...)
		}
	case map[string]any:
		if node["@type"] == kind {
			found = append(found, node)
		}
		for _, child := range node {
			found = append(found, objects(child, kind)...)
		}
	}
	return found
}

// indented returns JSON in one form.
func indented(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var generic any
	if err := json.Unmarshal(text, &generic); err != nil {
		t.Fatal(err)
	}
	text, err = json.MarshalIndent(generic, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
