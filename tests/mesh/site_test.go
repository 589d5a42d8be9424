package mesh

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
	"extauthz/tests/stack"
)

// The hosts of the registries in every example.
const (
	registryHost = "registry.example.com"
	mirrorHost   = "mirror.example.com"
)

// A site is a running system: Envoy as a control plane configures it, extauthz, the registry,
// and a mirror that records what it receives.
type site struct {
	envoy     string // HOST:PORT of Envoy's listener
	registry  string // HOST:PORT of the registry, which bypasses Envoy
	mirror    *mirror
	policies  string           // the policy directory, which scenarios may change
	authority *certs.Authority // of certificates of clients and of the server
	checker   restarter        // extauthz
	whole     bool             // the check contains a client's certificate, not only its first name
}

// A restarter is a program that a scenario ends and starts again.
type restarter interface {
	Kill() error
	Start() error
}

// part is extauthz in a stack.
type part struct{ stack.Stack }

// Kill ends the program at once.
func (p part) Kill() error { return p.Stack.Kill(stack.Extauthz) }

// Start starts it again.
func (p part) Start() error { return p.Stack.Start(stack.Extauthz) }

// request is a request to a site.
type request struct {
	host, user, method, target string
	header                     []string          // name, value, name, value …
	certificate                *x509.Certificate // the template of the client's certificate, nil for none
}

// reply is the response.
type reply struct {
	status int
	header http.Header
	body   string
}

// transport returns a transport that connects to Envoy for every host.
func (s *site) transport(t *testing.T, certificate *x509.Certificate) *http.Transport {
	t.Helper()
	config := s.tls(t, certificate)
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: config,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", s.envoy)
		}}
}

// tls returns the settings of a client.
func (s *site) tls(t *testing.T, certificate *x509.Certificate) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.authority.Certificate)
	config := &tls.Config{RootCAs: roots, ServerName: registryHost, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		issued, err := s.authority.Issue(certificate)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{issued}
	}
	return config
}

// send sends a request on a connection of its own. The target is sent unchanged.
func (s *site) send(t *testing.T, r request) reply {
	t.Helper()
	config := s.tls(t, r.certificate)
	config.ServerName, _, _ = strings.Cut(r.host, ":")
	if r.host != mirrorHost {
		config.ServerName = registryHost
	}
	connection, err := tls.Dial("tcp", s.envoy, config)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	var b strings.Builder
	b.WriteString(r.method + " " + r.target + " HTTP/1.1\r\nHost: " + r.host + "\r\nConnection: close\r\nContent-Length: 0\r\n")
	if r.user != "" {
		login := http.Request{Header: http.Header{}}
		login.SetBasicAuth(r.user, r.user+"-secret")
		b.WriteString("Authorization: " + login.Header.Get("Authorization") + "\r\n")
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		b.WriteString(r.header[i] + ": " + r.header[i+1] + "\r\n")
	}
	if _, err := io.WriteString(connection, b.String()+"\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: r.method})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// is checks the status and a text in the body.
func (a reply) is(t *testing.T, status int, text string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, text) {
		t.Errorf("status %d, body %q, want %d with %q", a.status, a.body, status, text)
	}
}

// workload returns the template of a certificate whose first name is the URI of a workload.
func workload(t *testing.T, uri string) *x509.Certificate {
	t.Helper()
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	template := certs.Named("workload")
	template.URIs = []*url.URL{parsed}
	return template
}

// copied copies the policy directory of an example, so that a scenario can change it.
func copied(t *testing.T, example string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(stack.Root(), "examples", "mesh", example, "policies"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serverCertificate returns the certificate of Envoy's listener, for both hosts.
func serverCertificate(t *testing.T, authority *certs.Authority) tls.Certificate {
	t.Helper()
	template := certs.Named("registry")
	template.DNSNames = []string{registryHost, mirrorHost}
	issued, err := authority.Issue(template)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// writeServer writes the files below /certs in the configuration of Envoy.
func writeServer(t *testing.T, folder string, authority *certs.Authority) {
	t.Helper()
	server := serverCertificate(t, authority)
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "server.crt"), encoded("CERTIFICATE", server.Certificate[0]))
	write(t, filepath.Join(folder, "server.key"), encoded("PRIVATE KEY", key))
	write(t, filepath.Join(folder, "client-ca.crt"), encoded("CERTIFICATE", authority.Certificate.Raw))
}

// encoded returns a PEM block.
func encoded(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
