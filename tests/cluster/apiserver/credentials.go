package apiserver

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"extauthz/tests/certs"
)

// writeCertificates writes the certificates of the server and of the service accounts' tokens, and
// the authority.
func (s *Server) writeCertificates(t testing.TB) {
	t.Helper()
	server := certs.Named("kube-apiserver")
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	for name, template := range map[string]*x509.Certificate{"server": server, "service-accounts": certs.Named("service-accounts")} {
		if err := s.authority.Write(s.Dir, name, template); err != nil {
			t.Fatal(err)
		}
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.authority.Certificate.Raw})
	if err := os.WriteFile(filepath.Join(s.Dir, "ca.crt"), ca, 0o644); err != nil {
		t.Fatal(err)
	}
}

// kubeconfig has the paths of the authority, of a client certificate and of its key.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: test
contexts: [ { name: test, context: { cluster: test, user: test } } ]
clusters: [ { name: test, cluster: { server: %q, certificate-authority: %q } } ]
users: [ { name: test, user: { client-certificate: %q, client-key: %q } } ]
`

// WriteKubeconfig issues a client certificate for a user in some groups, and returns the path of a
// kubeconfig with it. The certificate and its key are NAME.crt and NAME.key in Dir.
func (s *Server) WriteKubeconfig(t testing.TB, user string, groups ...string) string {
	t.Helper()
	template := certs.Named(user)
	template.Subject.Organization = groups
	return s.write(t, user, template)
}

// WriteNodeKubeconfig does the same for a node. The certificate is valid for the server of its
// kubelet at an address, too.
func (s *Server) WriteNodeKubeconfig(t testing.TB, node string, address net.IP) string {
	t.Helper()
	template := certs.Named("system:node:" + node)
	template.Subject.Organization = []string{"system:nodes"}
	template.IPAddresses = []net.IP{address}
	return s.write(t, node, template)
}

// write writes the certificate and the kubeconfig.
func (s *Server) write(t testing.TB, name string, template *x509.Certificate) string {
	t.Helper()
	file := func(extension string) string { return filepath.Join(s.Dir, name+extension) }
	if err := s.authority.Write(s.Dir, name, template); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(kubeconfig, s.URL, filepath.Join(s.Dir, "ca.crt"), file(".crt"), file(".key"))
	if err := os.WriteFile(file(".kubeconfig"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file(".kubeconfig")
}

// client returns a client that trusts the authority.
func (s *Server) client(t testing.TB) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.authority.Certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	return &http.Client{Transport: transport}
}
