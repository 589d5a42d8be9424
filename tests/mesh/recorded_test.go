package mesh

import (
	"encoding/json"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
	"extauthz/tests/stack"
)

// planes are the control planes of which there is a recording, with the folder of the example.
var planes = []struct{ name, example string }{
	{"gateway", "envoy-gateway"},
	{"istio", "istio"},
}

// TestRecorded runs Envoy with what it received from each control plane.
func TestRecorded(t *testing.T) {
	for _, p := range planes {
		t.Run(p.name, func(t *testing.T) { replayed(t, p.name, p.example).run(t) })
	}
}

// replayed starts a stack with a recording and the policies of its example.
func replayed(t *testing.T, name, example string) *site {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	writeServer(t, folder, authority)
	s := &site{authority: authority, policies: copied(t, example), mirror: newMirror(t, "127.0.0.1:0")}
	config := filepath.Join(t.TempDir(), "envoy.json")
	write(t, config, bootstrap(t, name, s.mirror.address))
	running, err := programs.Start(stack.Spec{Envoy: config, Policies: s.policies, Certs: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	s.envoy, s.registry, s.checker = running.Address(stack.Envoy), running.Address(stack.Registry), part{running}
	return s
}

// bootstrap returns a static configuration of Envoy with a recorded listener and its routes. Only
// the addresses of clusters, and the certificates, are others.
func bootstrap(t *testing.T, name, mirror string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var recorded recording
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded.Listeners) != 1 || len(recorded.Routes) == 0 {
		t.Fatalf("%d listeners and %d routes, want one and more", len(recorded.Listeners), len(recorded.Routes))
	}
	routes := map[any]any{}
	for _, route := range recorded.Routes {
		delete(route.(map[string]any), "@type")
		routes[route.(map[string]any)["name"]] = route
	}
	listener := recorded.Listeners[0].(map[string]any)
	delete(listener, "@type")
	made, err := json.Marshal(map[string]any{
		"admin": map[string]any{"address": pipe("/unused")},
		"static_resources": map[string]any{
			"listeners": []any{inlined(listener, routes)},
			"clusters":  []any{cluster("registry", address(t, "127.0.0.1:5000"), nil), cluster("mirror", address(t, mirror), nil), cluster("ext-authz", pipe("/unused"), http2)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

// inlined returns a part of a listener, with routes and certificates instead of the names by which
// Envoy fetches them, and with the clusters of the test.
func inlined(node any, routes map[any]any) any {
	switch node := node.(type) {
	case []any:
		for i := range node {
			node[i] = inlined(node[i], routes)
		}
	case map[string]any:
		if rds, found := node["rds"].(map[string]any); found {
			delete(node, "rds")
			node["route_config"] = routes[rds["route_config_name"]]
		}
		for key, child := range node {
			node[key] = replaced(key, inlined(child, routes))
		}
	}
	return node
}

// replaced returns the value of a key in a static configuration.
func replaced(key string, value any) any {
	name, _ := value.(string)
	switch {
	case key == "common_tls_context":
		return map[string]any{
			"tls_certificates":   []any{map[string]any{"certificate_chain": file("/certs/server.crt"), "private_key": file("/certs/server.key")}},
			"validation_context": map[string]any{"trusted_ca": file("/certs/client-ca.crt")},
		}
	case key == "cluster_name":
		return "ext-authz"
	case key == "cluster" && strings.Contains(name, "mirror"):
		return "mirror"
	case key == "cluster":
		return "registry"
	case strings.HasPrefix(key, "envoy.filters.http.ext_authz"):
		return extended(key, value)
	}
	return value
}

// extended returns the settings of a route with the values of the context extensions, which
// Envoy's configuration dump leaves out. The filter has the name of the registry's policy.
func extended(filter string, route any) any {
	settings, _ := route.(map[string]any)
	check, _ := settings["check_settings"].(map[string]any)
	if extensions, found := check["context_extensions"].(map[string]any); found {
		extensions["registry"], extensions["headers"] = path.Base(filter), "all"
	}
	return route
}

func file(name string) map[string]any { return map[string]any{"filename": name} }

func pipe(path string) map[string]any {
	return map[string]any{"pipe": map[string]any{"path": path}}
}

// http2 are the options of a cluster for gRPC.
var http2 = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
	"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
	"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
}}

func address(t *testing.T, hostPort string) map[string]any {
	t.Helper()
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": json.Number(port)}}
}

// cluster returns a cluster of one endpoint.
func cluster(name string, at, options map[string]any) map[string]any {
	return map[string]any{"name": name, "type": "STATIC", "connect_timeout": "2s", "typed_extension_protocol_options": options,
		"load_assignment": map[string]any{"cluster_name": name, "endpoints": []any{map[string]any{
			"lb_endpoints": []any{map[string]any{"endpoint": map[string]any{"address": at}}}}}}}
}
