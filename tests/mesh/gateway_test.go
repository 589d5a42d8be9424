package mesh

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
	"extauthz/tests/daemon"
	"extauthz/tests/stack"
)

// TestLiveGateway runs Envoy Gateway in its standalone mode with the manifests of the example.
func TestLiveGateway(t *testing.T) {
	s := startBackends(t, "envoy-gateway", places{"127.0.0.1:5000", "127.0.0.1:5001", "127.0.0.1:9191"})
	var err error
	if s.authority, err = certs.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	s.envoy = "127.0.0.1:8443"
	home := t.TempDir()
	writeHome(t, home, s.authority)
	binary := filepath.Join(stack.Cache(), "bin", "envoy-gateway")
	if out, err := exec.Command(binary, "certgen", "--local", "--config-home", filepath.Join(home, "config")).CombinedOutput(); err != nil {
		t.Fatalf("certgen: %v: %s", err, out)
	}
	daemon.Start(t, nil, binary, "server", "--config-path", filepath.Join(home, "envoy-gateway.yaml"))
	if err := listens(s.envoy); err != nil {
		t.Fatal(err)
	}
	record(t, "gateway", "http://"+adminOf(t, home))
	s.run(t)
}

// adminOf returns the address of Envoy's admin interface, which Envoy writes to a file.
func adminOf(t *testing.T, home string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(home, "run", "*", "admin-address.txt"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files with the address of Envoy's admin interface (%v), want 1", len(found), err)
	}
	address, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(address))
}

// standalone configures Envoy Gateway without Kubernetes.
const standalone = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
gateway: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
extensionApis: { enableBackend: true }
provider:
  type: Custom
  custom:
    resource: { type: File, file: { paths: [HOME/manifests] } }
    infrastructure:
      type: Host
      host: { configHome: HOME/config, dataHome: HOME/data, stateHome: HOME/state, runtimeDir: HOME/run }
`

// here is what the example leaves to the cluster: the addresses of the Services, certificates,
// and the version of Envoy.
const here = `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: { name: here, namespace: registry }
spec: { provider: { type: Host, host: { envoyVersion: "1.40.0" } } }
`

// writeHome writes what the control plane reads.
func writeHome(t *testing.T, home string, authority *certs.Authority) {
	t.Helper()
	envoy, ok := programs.Envoy.Binary()
	if !ok {
		t.Skip("Envoy is not a program here")
	}
	place := filepath.Join(home, "data", "envoy-versions", "1.40.0", "bin")
	manifests := filepath.Join(home, "manifests")
	for _, dir := range []string{place, manifests} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(envoy, filepath.Join(place, "envoy")); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	all.WriteString(here)
	for _, backend := range []struct{ name, port string }{{"registry", "5000"}, {"mirror", "5001"}, {"extauthz", "9191"}} {
		fmt.Fprintf(&all, "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\nmetadata: { name: %s, namespace: registry }\nspec: { endpoints: [{ ip: { address: 127.0.0.1, port: %s } }] }\n", backend.name, backend.port)
	}
	writeSecrets(t, &all, authority)
	for _, name := range []string{"gateway.yaml", "routes.yaml", "security.yaml"} {
		text, err := os.ReadFile(filepath.Join(stack.Root(), "examples", "mesh", "envoy-gateway", name))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("---\n" + outsideKubernetes(string(text)))
	}
	write(t, filepath.Join(manifests, "all.yaml"), all.String())
	write(t, filepath.Join(home, "envoy-gateway.yaml"), strings.ReplaceAll(standalone, "HOME", home))
}

// outsideKubernetes returns manifests with Backends for Services, and the class with the
// parameters of the standalone mode.
func outsideKubernetes(manifests string) string {
	return strings.NewReplacer(
		"{ name: registry, port: 5000 }", "{ group: gateway.envoyproxy.io, kind: Backend, name: registry, port: 5000 }",
		"{ name: mirror, port: 5000 }", "{ group: gateway.envoyproxy.io, kind: Backend, name: mirror, port: 5000 }",
		"{ name: extauthz, port: 9191 }", "{ group: gateway.envoyproxy.io, kind: Backend, name: extauthz, port: 9191 }",
		"controllerName: gateway.envoyproxy.io/gatewayclass-controller", "controllerName: gateway.envoyproxy.io/gatewayclass-controller\n  parametersRef: { group: gateway.envoyproxy.io, kind: EnvoyProxy, name: here, namespace: registry }",
	).Replace(manifests)
}

// writeSecrets writes the certificate of the gateway and the authority of clients.
func writeSecrets(t *testing.T, to *bytes.Buffer, authority *certs.Authority) {
	t.Helper()
	server := serverCertificate(t, authority)
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(to, "---\napiVersion: v1\nkind: Secret\nmetadata: { name: registries-tls, namespace: registry }\ntype: kubernetes.io/tls\ndata: { tls.crt: %s, tls.key: %s }\n",
		base64.StdEncoding.EncodeToString([]byte(encoded("CERTIFICATE", server.Certificate[0]))), base64.StdEncoding.EncodeToString([]byte(encoded("PRIVATE KEY", key))))
	fmt.Fprintf(to, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: client-authority, namespace: registry }\ndata:\n  ca.crt: |\n    %s\n",
		strings.ReplaceAll(strings.TrimSpace(encoded("CERTIFICATE", authority.Certificate.Raw)), "\n", "\n    "))
}
