package kubernetes

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"extauthz/tests/bounded"
	"extauthz/tests/certs"
	"extauthz/tests/checkout"
	"extauthz/tests/envoybin"
	"extauthz/tests/prerequisite"
)

// validates lets Envoy validate the files of its configuration. Only the paths of volumes are
// changed.
func validates(t *testing.T, files map[string]string) {
	t.Helper()
	envoy, err := envoybin.Find(context.Background(), checkout.Cache(), envoybin.OnlyPinned, os.Stderr)
	prerequisite.Check(t, err)
	dir := t.TempDir()
	writeCertificates(t, dir)
	volumes := strings.NewReplacer("/certs/", dir+"/", "/certs ", dir+" ", "/etc/envoy/", dir+"/", "/run/", dir+"/")
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(volumes.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	argv := envoy.Command([]string{dir}, "--mode", "validate", "--config-path", filepath.Join(dir, "envoy.yaml"), "--log-level", "error")
	validate := exec.Command(argv[0], argv[1:]...)
	var out bytes.Buffer
	validate.Stdout, validate.Stderr = &out, &out
	if err := bounded.Run(t.Context(), 10*time.Minute, validate); err != nil {
		t.Errorf("%v: %s", err, &out)
	}
}

// writeCertificates writes a certificate and its key under the names in Secrets.
func writeCertificates(t *testing.T, dir string) {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.WriteServer(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tls", "client", "ca"} {
		for _, kind := range []string{".crt", ".key"} {
			if err := os.Link(filepath.Join(dir, "server"+kind), filepath.Join(dir, name+kind)); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
		}
	}
}

// TestEnvoyConfiguration lets Envoy validate what the ConfigMap of the sidecar contains.
func TestEnvoyConfiguration(t *testing.T) {
	for _, made := range configMaps(t, "sidecar", "registry-envoy") {
		validates(t, made)
	}
}

// TestSharedCluster lets Envoy validate the configuration of the sidecar with the cluster and the
// grpc_service of the shared extauthz.
func TestSharedCluster(t *testing.T) {
	config, cluster := parsed(t, example("sidecar", "envoy.yaml")), parsed(t, example("shared", "envoy-cluster.yaml"))
	static := config["static_resources"].(map[string]any)
	replaced := 0
	for i, c := range static["clusters"].([]any) {
		if c.(map[string]any)["name"] == "ext-authz" {
			static["clusters"].([]any)[i] = cluster["clusters"].([]any)[0]
			replaced++
		}
	}
	filters := managerOf(config)["http_filters"].([]any)
	filters[0].(map[string]any)["typed_config"].(map[string]any)["grpc_service"] = cluster["grpc_service"]
	text, err := yaml.Marshal(config)
	if err != nil || replaced != 1 {
		t.Fatalf("%d clusters were replaced (%v)", replaced, err)
	}
	validates(t, map[string]string{"envoy.yaml": string(text), "certificate.yaml": read(t, example("sidecar", "certificate.yaml"))})
}

// TestEnvoyIsTheExample checks that the sidecar's Envoy differs from the one of examples/mtls only
// where it must: routes, the removed headers, the log and the settings of the check are the same.
func TestEnvoyIsTheExample(t *testing.T) {
	got, want := manager(t, example("sidecar", "envoy.yaml")), manager(t, filepath.Join(checkout.Root(), "examples", "mtls", "envoy.yaml"))
	check := func(m map[string]any) map[string]any {
		return m["http_filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
	}
	for _, m := range []map[string]any{got, want} {
		for _, name := range []string{"common_http_protocol_options", "http1_safe_max_connection_duration"} {
			delete(m, name)
		}
		for _, name := range []string{"grpc_service", "include_peer_certificate", "include_tls_session"} {
			delete(check(m), name)
		}
		for _, name := range []string{"registry", "mtls"} {
			replaceRegistry(m, name)
		}
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := yaml.Marshal(got)
		w, _ := yaml.Marshal(want)
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if len(want) < 12 {
		t.Errorf("%d settings are compared, want at least 12", len(want))
	}
}

// replaceRegistry gives the registry in the context extensions of a virtual host one name.
func replaceRegistry(manager map[string]any, name string) {
	hosts := manager["route_config"].(map[string]any)["virtual_hosts"].([]any)
	filter := hosts[0].(map[string]any)["typed_per_filter_config"].(map[string]any)["envoy.filters.http.ext_authz"].(map[string]any)
	extensions := filter["check_settings"].(map[string]any)["context_extensions"].(map[string]any)
	if extensions["registry"] == name {
		extensions["registry"] = "any"
	}
}

// manager returns the settings of the first listener's connection manager.
func manager(t *testing.T, file string) map[string]any {
	t.Helper()
	return managerOf(parsed(t, file))
}

func managerOf(config map[string]any) map[string]any {
	listener := config["static_resources"].(map[string]any)["listeners"].([]any)[0].(map[string]any)
	filters := listener["filter_chains"].([]any)[0].(map[string]any)["filters"].([]any)
	return filters[0].(map[string]any)["typed_config"].(map[string]any)
}

// parsed returns the content of a YAML file.
func parsed(t *testing.T, file string) (content map[string]any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(read(t, file)), &content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return content
}

// read returns the text of a file.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
