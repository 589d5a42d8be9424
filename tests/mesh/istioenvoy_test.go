package mesh

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"extauthz/tests/daemon"
)

// startEnvoy starts Envoy as the pod of the gateway, with the settings of its annotation, and waits
// until it has received the listener.
func (p *istio) startEnvoy(t *testing.T, settings any) {
	t.Helper()
	text, err := json.Marshal(p.bootstrap(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "envoy.json")
	write(t, file, string(text))
	envoy, ok := programs.Envoy.Binary()
	if !ok {
		t.Skip("Envoy is not a program here")
	}
	p.proxy = daemon.Start(t, nil, envoy, "--config-path", file, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
	if err := listens(p.envoy); err != nil {
		t.Fatal(err)
	}
	p.becomes(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/"}, 200)
}

// bootstrap returns the configuration that Istio's agent writes, without what is unrelated: it fetches
// everything from the control plane, and shows it the token of the gateway's service account.
func (p *istio) bootstrap(t *testing.T, settings any) map[string]any {
	t.Helper()
	metadata := map[string]any{
		"NAME": "registries-gateway-0", "NAMESPACE": "registry", "SERVICE_ACCOUNT": "registries-gateway", "CLUSTER_ID": "Kubernetes",
		"ISTIO_VERSION": "1.31.0", "MESH_ID": "cluster.local", "INSTANCE_IPS": gatewayHost, "UNPRIVILEGED_POD": "true",
		"LABELS": map[string]any{"istio": "registries-gateway"},
	}
	if settings != nil {
		metadata["PROXY_CONFIG"] = settings
	}
	ads := map[string]any{"ads": map[string]any{}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
	return map[string]any{
		"node": map[string]any{"id": "router~" + gatewayHost + "~registries-gateway-0.registry~registry.svc.cluster.local",
			"cluster": "registries-gateway.registry", "metadata": metadata},
		"admin": map[string]any{"address": address(t, envoyAdmin)},
		// The agent sets this flag: a fragment is removed from a path, instead of a denial.
		"layered_runtime": map[string]any{"layers": []any{map[string]any{"name": "agent", "static_layer": map[string]any{
			"envoy.reloadable_features.http_reject_path_with_fragment": false}}}},
		"dynamic_resources": map[string]any{"lds_config": ads, "cds_config": ads, "ads_config": map[string]any{
			"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
			"grpc_services": []any{map[string]any{"envoy_grpc": map[string]any{"cluster_name": "xds-grpc"},
				"initial_metadata": []any{map[string]any{"key": "authorization", "value": "Bearer " + p.token}}}}}},
		"static_resources": map[string]any{"clusters": []any{cluster("xds-grpc", address(t, discovery), http2)}},
	}
}
