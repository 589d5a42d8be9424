package kubernetes

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// changed returns the values of a set with the ones in text, which take precedence.
func changed(t *testing.T, set, text string) map[string]any {
	t.Helper()
	var changes map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &changes); err != nil {
		t.Fatal(err)
	}
	values := valueSets(t)[set]
	merge(values, changes)
	return values
}

// merge writes the changes into the values.
func merge(values, changes map[string]any) {
	for name, change := range changes {
		inner, isMap := change.(map[string]any)
		if old, ok := values[name].(map[string]any); ok && isMap {
			merge(old, inner)
		} else {
			values[name] = change
		}
	}
}

// TestChartRefuses renders combinations of values with which access would not be controlled, and
// some that cannot work.
func TestChartRefuses(t *testing.T) {
	for _, c := range []struct{ name, set, changes, want string }{
		{"no policies", "mesh", "policies: { configMaps: [] }", "policies: no source of policies"},
		{"git and a ConfigMap", "shared", "policies: { configMaps: [ { name: a } ] }", "policies.gitSync.repo: "},
		{"passwords in values", "sidecar", `policies: { files: { htpasswd: "" } }`, "policies.files: htpasswd "},
		{"access keys in values", "sidecar", `policies: { files: { access-keys: "" } }`, "policies.files: access-keys "},
		{"a registry's credential in values", "sidecar", `policies: { files: { upstreams.yaml: "" } }`, "policies.files: upstreams.yaml "},
		{"a path twice", "sidecar", `policies: { files: { managed..team-pull.json: "" } }`, "is there twice"},
		{"a setting of the chart", "mesh", `extauthz: { env: { EXTAUTHZ_LISTEN: ":1" } }`, "the chart sets EXTAUTHZ_LISTEN itself"},
		{"no TLS for clients", "sidecar", `envoy: { tlsSecret: "" }`, "envoy.tlsSecret: "},
		{"replicas with a volume each", "sidecar", "registry: { replicas: 2 }", "registry.replicas: "},
		{"replicas without a common secret", "object-storage", "registry: { secrets: [] }", "registry.secrets: "},
		{"two storage drivers", "sidecar", "registry: { storage: { s3: { bucket: a } } }", "registry.storage: it needs one driver, not 2 (filesystem, s3)"},
		{"no TLS for Envoys", "mesh", "shared: { plaintext: false }", "shared.tlsSecret: "},
		{"TLS twice", "shared", "shared: { plaintext: true }", "shared.plaintext: it contradicts"},
		{"more replicas than at most", "mesh", "shared: { minReplicas: 5 }", "shared.minReplicas: "},
		{"every pod as a client", "shared", "networkPolicy: { enabled: false }", "networkPolicy.enabled: "},
		{"no pod as a client", "shared", "networkPolicy: { envoys: [] }", "networkPolicy.envoys: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := rendered(changed(t, c.set, c.changes))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestChartSchema checks that misspelled and wrong values are errors, which name the value.
func TestChartSchema(t *testing.T) {
	for _, c := range []struct{ changes, want string }{
		{"polices: {}", "polices"},
		{"mode: mesh", "/mode"},
		{"policies: { file: {} }", "/policies"},
		{"policies: { files: { ../a: x } }", "'../a'"},
		{"policies: { files: { /a: x } }", "'/a'"},
		{"policies: { files: { a.yaml: { b: c } } }", "/policies/files/a.yaml"},
		{"policies: { configMaps: [ a ] }", "/policies/configMaps/0"},
		{"policies: { configMaps: [ { name: a, optional: true } ] }", "/policies/configMaps/0"},
		{"policies: { secrets: [ { name: a, items: [ { key: b } ] } ] }", "/policies/secrets/0/items/0"},
		{"policies: { gitSync: { branch: main } }", "/policies/gitSync"},
		{"policies: { gitSync: { period: often } }", "/policies/gitSync/period"},
		{"policies: { gitSync: { path: /etc } }", "/policies/gitSync/path"},
		{"image: { digest: abc }", "/image/digest"},
		{"image: { pullPolicy: always }", "/image/pullPolicy"},
		{"imagePullSecrets: [ { name: a } ]", "/imagePullSecrets/0"},
		{"extauthz: { env: { LD_PRELOAD: a } }", "LD_PRELOAD"},
		{"extauthz: { env: { EXTAUTHZ_PPROF: true } }", "/extauthz/env/EXTAUTHZ_PPROF"},
		{"extauthz: { resources: { limits: { memory: null } } }", "/extauthz/resources/limits"},
		{"envoy: { concurrency: 0 }", "/envoy/concurrency"},
		{"envoy: { tls: false }", "/envoy"},
		{"envoy: { tlsSecret: Registry }", "/envoy/tlsSecret"},
		{"registry: { replicas: two }", "/registry/replicas"},
		{"registry: { name: 'a }' }", "/registry/name"},
		{"registry: { drainSeconds: -1 }", "/registry/drainSeconds"},
		{"registry: { persistence: { size: large } }", "/registry/persistence/size"},
		{"shared: { minReplicas: 1 }", "/shared/minReplicas"},
		{"shared: { plaintext: 'yes' }", "/shared/plaintext"},
		{"service: { type: ExternalName }", "/service/type"},
		{"networkPolicy: { prometheus: [ {} ] }", "/networkPolicy/prometheus/0"},
		{"networkPolicy: { envoys: [ { podSelectors: {} } ] }", "/networkPolicy/envoys/0"},
		{"metrics: { podMonitor: { enabled: true } }", "/metrics/podMonitor"},
		{"hostNetwork: true", "hostNetwork"},
	} {
		t.Run(c.changes, func(t *testing.T) {
			_, err := rendered(changed(t, "sidecar", c.changes))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}
