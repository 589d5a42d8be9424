package outages

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"

	"extauthz/tests/checkout"
)

// envoyConfig returns the quickstart's configuration with the changes for the shared extauthz. Only
// addresses are replaced.
func envoyConfig(t *testing.T, registry netip.Addr, replicas []netip.Addr) map[string]any {
	t.Helper()
	config := example(t, "quickstart", "envoy.yaml")
	changes := example(t, "kubernetes", "shared", "envoy-cluster.yaml")
	shared := changes["clusters"].([]any)[0].(map[string]any)
	var endpoints []any
	for _, replica := range replicas {
		endpoints = append(endpoints, endpoint(replica.String(), 9191))
	}
	load(shared)["lb_endpoints"] = endpoints
	resources := config["static_resources"].(map[string]any)
	listener := listenerOf(config)
	listener["address"] = address("0.0.0.0", 8080)
	filter(listener)["grpc_service"] = changes["grpc_service"]
	clusters := resources["clusters"].([]any)
	load(clusters[0].(map[string]any))["lb_endpoints"] = []any{endpoint(registry.String(), 5000)}
	clusters[1] = shared
	return config
}

// listenerOf returns the listener of a configuration.
func listenerOf(config map[string]any) map[string]any {
	return config["static_resources"].(map[string]any)["listeners"].([]any)[0].(map[string]any)
}

// chain returns how a listener serves connections.
func chain(listener map[string]any) map[string]any {
	return listener["filter_chains"].([]any)[0].(map[string]any)
}

// filter returns the settings of the ext_authz filter of a listener.
func filter(listener map[string]any) map[string]any {
	manager := chain(listener)["filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
	return manager["http_filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
}

// load returns where a cluster has its endpoints.
func load(cluster map[string]any) map[string]any {
	return cluster["load_assignment"].(map[string]any)["endpoints"].([]any)[0].(map[string]any)
}

func endpoint(host string, port int) map[string]any {
	return map[string]any{"endpoint": map[string]any{"address": address(host, port)}}
}

func address(host string, port int) map[string]any {
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}
}

// example returns a YAML file of the examples.
func example(t *testing.T, path ...string) (tree map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{checkout.Root(), "examples"}, path...)...))
	if err == nil {
		err = yaml.Unmarshal(text, &tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
