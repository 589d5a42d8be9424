package cluster

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
	"extauthz/tests/checkout"
	"extauthz/tests/cluster/apiserver"
)

// host is the name of the registry for clients, and port is Envoy's. Without kube-proxy, clients
// connect to the pod.
const (
	host = "registry.example.com"
	port = "8443"
)

// An installation is the example in the cluster.
type installation struct {
	*apiserver.Server
	folder    string // of its manifests: sidecar is a copy of the example, overlay is what is applied
	authority *x509.Certificate
	pod       string // the name of the registry's pod
	address   string // its IP address
}

// install installs the example with the commands of its README.
func install(t *testing.T, s *apiserver.Server) *installation {
	t.Helper()
	i := &installation{Server: s, folder: t.TempDir()}
	if err := os.CopyFS(filepath.Join(i.folder, "sidecar"), os.DirFS(example("sidecar"))); err != nil {
		t.Fatal(err)
	}
	i.provide(t)
	i.apply(t)
	s.Kubectl(t, "rollout", "status", "--timeout=5m", "-n=registry", "deployment/registry")
	found := strings.Fields(s.Kubectl(t, "get", "pods", "-n=registry", "-o=jsonpath={.items[*].metadata.name} {.items[*].status.podIP}"))
	if len(found) != 2 {
		t.Fatalf("%q is not the name and the address of one pod", found)
	}
	i.pod, i.address = found[0], found[1]
	return i
}

// provide creates what the example leaves to each cluster.
func (i *installation) provide(t *testing.T) {
	t.Helper()
	files, images := t.TempDir(), t.TempDir()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	i.authority = authority.Certificate
	server := certs.Named("registry")
	server.DNSNames = []string{host}
	if err := authority.Write(files, "tls", server); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(files, name) }
	i.Kubectl(t, "apply", "-f="+example("sidecar", "namespace.yaml"))
	i.Kubectl(t, "create", "secret", "tls", "registry-tls", "-n=registry", "--cert="+file("tls.crt"), "--key="+file("tls.key"))
	i.Kubectl(t, "create", "secret", "generic", "registry-users", "-n=registry", "--from-file="+example("sidecar", "policies", "htpasswd"))
	keys := i.Kubectl(t, "get", "--raw", "/openid/v1/jwks")
	if err := os.WriteFile(file("kubernetes.json"), []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	i.Kubectl(t, "create", "configmap", "registry-issuer-keys", "-n=registry", "--from-file="+file("kubernetes.json"))
	i.Apply(t, manifest(t, "volume.yaml", "FOLDER", images, "NODE", node))
}

// apply applies the manifests, with the images and the node of this cluster.
func (i *installation) apply(t *testing.T) {
	t.Helper()
	replacements := []string{"NODE", node}
	for name, image := range map[string]string{"EXTAUTHZ": names().Extauthz, "ENVOY": names().Envoy, "REGISTRY": names().Registry} {
		repository, tag, found := cutTag(image)
		if !found {
			t.Fatalf("the image %s has no tag", image)
		}
		replacements = append(replacements, name+"_NAME", repository, name+"_TAG", tag)
	}
	overlay := filepath.Join(i.folder, "overlay")
	if err := os.MkdirAll(overlay, 0o755); err != nil {
		t.Fatal(err)
	}
	text := manifest(t, "overlay.yaml", replacements...)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	i.Kubectl(t, "apply", "-k="+overlay)
}

// cutTag returns the repository of an image and its tag.
func cutTag(image string) (repository, tag string, found bool) {
	colon := strings.LastIndex(image, ":")
	if colon < strings.LastIndex(image, "/") || colon < 0 {
		return image, "", false
	}
	return image[:colon], image[colon+1:], true
}

// example returns the path of a file of the example.
func example(names ...string) string {
	return filepath.Join(append([]string{checkout.Root(), "examples", "kubernetes"}, names...)...)
}

// asJSON returns a certificate as a JSON string with PEM.
func asJSON(t *testing.T, certificate *x509.Certificate) string {
	t.Helper()
	text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
