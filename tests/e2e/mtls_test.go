package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/certs"
	"extauthz/tests/stack"
)

// builder is the URI in the policies.
const builder = "spiffe://example.com/ns/ci/sa/builder"

// mutualTLS is the example with client certificates.
func mutualTLS(t *testing.T) setup {
	t.Helper()
	dir, trusted := t.TempDir(), authority(t)
	if err := trusted.WriteServer(dir); err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(stack.Root(), "examples", "mtls")
	spec := stack.Spec{Envoy: filepath.Join(example, "envoy.yaml"), Policies: filepath.Join(example, "policies"), Certs: dir}
	return setup{Spec: spec, authority: trusted}
}

// showing returns a transport with these certificates that trusts the stack's authority.
func (sys *system) showing(t *testing.T, shown ...tls.Certificate) *http.Transport {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(sys.authority.Certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: shown}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// get returns a request for the tags of team/app and a client with TLS.
func (sys *system) get(t *testing.T, transport *http.Transport) (*http.Request, *http.Client) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "https://"+sys.Address(stack.Envoy)+"/v2/team/app/tags/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	return request, &http.Client{Transport: transport}
}

// certificateIsPrincipal pushes and pulls as the role's session.
func certificateIsPrincipal(t *testing.T, sys *system) {
	transport := sys.showing(t, issued(t, sys.authority, withURI(t, builder)))
	registry := func(repository string) name.Tag {
		tag, err := name.NewTag(sys.Address(stack.Envoy) + "/" + repository + ":tls")
		if err != nil {
			t.Fatal(err)
		}
		return tag
	}
	secure := remote.WithTransport(overTLS{transport})
	if err := remote.Write(registry("team/app"), sys.team, secure); err != nil {
		t.Fatal(err)
	}
	_, err := remote.Image(registry("secret/app"), secure)
	denied(t, err, "ecr:BatchGetImage", "secret/app")
	if !strings.Contains(err.Error(), "arn:aws:sts::123456789012:assumed-role/ci-builder/builder") {
		t.Errorf("error %v does not name the session", err)
	}
}

// overTLS uses https for loopback addresses, for which the client library assumes http.
type overTLS struct{ *http.Transport }

func (o overTLS) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme = "https"
	return o.Transport.RoundTrip(request)
}

// certificateOfAnotherKind has the principal's name as a DNS name and as a common name. Envoy
// reports the same text for both as for the URI.
func certificateOfAnotherKind(t *testing.T, sys *system) {
	for _, c := range []struct {
		kind  string
		shown tls.Certificate
	}{
		{"DNS name", issued(t, sys.authority, withDNS(builder))},
		{"common name", issued(t, sys.authority, certs.Named(builder))},
	} {
		request, client := sys.get(t, sys.showing(t, c.shown))
		if a := exchange(t, client, request); a.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", c.kind, a.status)
		}
	}
}

// certificateDNSName has a DNS name that the policies bind to a principal.
func certificateDNSName(t *testing.T, sys *system) {
	request, client := sys.get(t, sys.showing(t, issued(t, sys.authority, withDNS("scanner.example.com"))))
	exchange(t, client, request).hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "user/scanner", "ecr:ListImages", repositoryARN+"team/app")
}

func certificateUnknown(t *testing.T, sys *system) {
	request, client := sys.get(t, sys.showing(t, issued(t, sys.authority, withURI(t, builder+"/../admin"))))
	exchange(t, client, request).hasStatus(t, http.StatusUnauthorized)
}

// certificateMissing connects without a certificate, and with one of an authority that Envoy
// does not trust: both connections fail.
func certificateMissing(t *testing.T, sys *system) {
	for _, shown := range [][]tls.Certificate{nil, {issued(t, authority(t), withURI(t, builder))}} {
		request, client := sys.get(t, sys.showing(t, shown...))
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			t.Errorf("status %d, want no answer", response.StatusCode)
		}
	}
}
