package main

import (
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"

	"extauthz/tests/stack"
)

// envoyConfig returns the example for client certificates with the addresses of the wiring,
// after a change of the tree unless that is nil.
func envoyConfig(w stack.Wiring, change func(any) any) ([]byte, error) {
	example, err := os.ReadFile(filepath.Join(stack.Root(), "examples", "mtls", "envoy.yaml"))
	if err != nil {
		return nil, err
	}
	config, err := stack.Rewire(example, w)
	if err != nil || change == nil {
		return config, err
	}
	var tree any
	if err := yaml.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	return yaml.Marshal(change(tree))
}

// checkFilter is the name of Envoy's filter, and perRoute the key of its settings for routes.
const (
	checkFilter = "envoy.filters.http.ext_authz"
	perRoute    = "typed_per_filter_config"
)

// withoutChecks returns an Envoy configuration without the filter and its settings.
func withoutChecks(node any) any {
	switch node := node.(type) {
	case map[string]any:
		delete(node, perRoute)
		for key, child := range node {
			node[key] = withoutChecks(child)
		}
	case []any:
		kept := slices.DeleteFunc(node, func(element any) bool {
			named, _ := element.(map[string]any)
			return named["name"] == checkFilter || named["name"] == "ext-authz"
		})
		for i, child := range kept {
			kept[i] = withoutChecks(child)
		}
		return kept
	}
	return node
}

// asDocumented returns an Envoy configuration whose filter has the settings of the gRPC example
// in Envoy's documentation ("External Authorization", HTTP filters), and no others.
func asDocumented(node any) any {
	switch node := node.(type) {
	case map[string]any:
		delete(node, perRoute)
		if node["name"] == checkFilter {
			node["typed_config"] = map[string]any{
				"@type":                    "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
				"grpc_service":             map[string]any{"envoy_grpc": map[string]any{"cluster_name": "ext-authz"}, "timeout": "0.5s"},
				"include_peer_certificate": true,
			}
		}
		for _, child := range node {
			asDocumented(child)
		}
	case []any:
		for _, child := range node {
			asDocumented(child)
		}
	}
	return node
}
