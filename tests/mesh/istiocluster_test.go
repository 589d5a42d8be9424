package mesh

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"extauthz/tests/certs"
	"extauthz/tests/cluster/apiserver"
	"extauthz/tests/daemon"
	"extauthz/tests/stack"
)

// istioPlaces are the endpoints of the Services, with the ports of the Services.
var istioPlaces = places{registry: "198.51.100.2:5000", mirror: "198.51.100.3:5000", checker: "198.51.100.4:9191"}

const (
	gatewayHost    = "198.51.100.1" // the address of the gateway's pod
	discovery      = "127.0.0.1:15010"
	discoveryReady = "http://127.0.0.1:8080/ready"
	envoyAdmin     = "127.0.0.1:15000"
)

// An istio is a site with the control plane of Istio.
type istio struct {
	*site
	api   *apiserver.Server
	proxy *daemon.Daemon // Envoy
	token string         // of the gateway's service account, for the control plane
}

// discoveryEnvironment has the control plane run without an authority of certificates, and generate only
// filters that Envoy has without Istio's own build.
var discoveryEnvironment = []string{
	"ENABLE_CA_SERVER=false", "PILOT_CERT_PROVIDER=none", "PILOT_ENABLE_METADATA_EXCHANGE=false",
	"PILOT_ENABLE_ALPN_FILTER=false", "PILOT_ENABLE_GATEWAY_API=false", "POD_NAME=istiod", "POD_NAMESPACE=istio-system",
	// It verifies the token of the gateway without TLS, too.
	"XDS_AUTH_PLAINTEXT=true",
	// With etcd 3.4, such a request takes minutes if there are no objects of a kind.
	"KUBE_FEATURE_WatchListClient=false",
}

// startIstio starts the API server, applies the manifests, and starts the control plane.
func startIstio(t *testing.T) *istio {
	t.Helper()
	p := &istio{site: startBackends(t, "istio", istioPlaces), api: apiserver.Start(t)}
	var err error
	if p.authority, err = certs.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	p.envoy = gatewayHost + ":8443"
	p.api.Apply(t, definitions(t), "--server-side")
	p.api.Kubectl(t, "wait", "--for=condition=Established", "--all", "crd", "--timeout=5m")
	for _, name := range istioManifests {
		manifests := example(t, "istio", name)
		if name != "namespace.yaml" { // a dry run creates no namespace for the next ones
			p.api.Apply(t, manifests, "--dry-run=server", "--validate=strict")
		}
		p.api.Apply(t, manifests, "--validate=strict")
	}
	p.applySurroundings(t)
	p.setMesh(t, "")
	discovery := append([]string{"env"}, discoveryEnvironment...)
	daemon.Start(t, answers(discoveryReady), append(discovery, filepath.Join(stack.Cache(), "bin", "pilot-discovery"),
		"discovery", "--kubeconfig="+p.api.Kubeconfig, "--ctrlz_port=0")...)
	p.token = strings.TrimSpace(p.api.Kubectl(t, "create", "token", "registries-gateway", "--namespace=registry", "--audience=istio-ca", "--duration=2h"))
	return p
}

// definitions returns the custom resources of the release of Istio that is built.
func definitions(t *testing.T) string {
	t.Helper()
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio")
	list.Dir = filepath.Join(stack.Tests(), "mesh", "istio")
	dir, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "manifests", "charts", "base", "files", "crd-all.gen.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// surroundings is what a cluster adds: the pod of the gateway's Deployment, and the endpoints of the
// Services.
const surroundings = `apiVersion: v1
kind: Namespace
metadata: { name: istio-system }
---
apiVersion: v1
kind: Pod
metadata: { name: registries-gateway-0, namespace: registry, labels: { istio: registries-gateway } }
spec:
  serviceAccountName: registries-gateway
  automountServiceAccountToken: false
  containers: [{ name: istio-proxy, image: auto }]
`

// endpoints are the endpoints of a Service.
const endpoints = `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: %[1]s-1, namespace: registry, labels: { kubernetes.io/service-name: %[1]s } }
addressType: IPv4
ports: [{ name: %[2]s, port: %[3]s }]
endpoints: [{ addresses: [%[4]s], conditions: { ready: true } }]
`

// applySurroundings applies them, and the certificates.
func (p *istio) applySurroundings(t *testing.T) {
	t.Helper()
	var all strings.Builder
	all.WriteString(surroundings)
	for _, e := range []struct{ service, port, place string }{
		{"registry", "http", istioPlaces.registry}, {"mirror", "http", istioPlaces.mirror},
		{"extauthz", "grpc", istioPlaces.checker}, {"registries-gateway", "https", gatewayHost + ":8443"},
	} {
		host, number, err := net.SplitHostPort(e.place)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, endpoints, e.service, e.port, number, host)
	}
	p.api.Apply(t, all.String())
	p.api.Kubectl(t, "patch", "pod", "registries-gateway-0", "--namespace=registry", "--subresource=status", "--type=merge",
		"--patch", fmt.Sprintf(`{"status":{"phase":"Running","podIP":%q,"podIPs":[{"ip":%[1]q}],"conditions":[{"type":"Ready","status":"True"}]}}`, gatewayHost))
	folder := t.TempDir()
	writeServer(t, folder, p.authority)
	file := func(name string) string { return filepath.Join(folder, name) }
	p.api.Kubectl(t, "create", "secret", "generic", "registries-tls", "--namespace=registry",
		"--from-file=tls.crt="+file("server.crt"), "--from-file=tls.key="+file("server.key"), "--from-file=ca.crt="+file("client-ca.crt"))
}

// setMesh sets the mesh configuration of the example, with another path normalization unless that is
// "". There is no authority of certificates here, so that mutual TLS is off.
func (p *istio) setMesh(t *testing.T, normalization string) {
	t.Helper()
	config := meshConfig(t)
	config["enableAutoMtls"] = false
	if normalization != "" {
		config["pathNormalization"] = map[string]any{"normalization": normalization}
	}
	p.applyMesh(t, config)
}

// applyMesh writes the ConfigMap that the control plane watches.
func (p *istio) applyMesh(t *testing.T, config map[string]any) {
	t.Helper()
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	object, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "istio", "namespace": "istio-system"}, "data": map[string]any{"mesh": string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	p.api.Apply(t, string(object))
}
