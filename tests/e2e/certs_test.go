package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"testing"

	"extauthz/tests/certs"
)

// authority is a fresh one.
func authority(t *testing.T) *certs.Authority {
	t.Helper()
	a, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// withURI is the template of a client certificate with one URI in it.
func withURI(t *testing.T, uri string) *x509.Certificate {
	t.Helper()
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	template := certs.Named("a client")
	template.URIs = []*url.URL{parsed}
	return template
}

// withDNS is the template of a client certificate with one DNS name in it,
// whatever that name looks like.
func withDNS(name string) *x509.Certificate {
	template := certs.Named("a client")
	template.DNSNames = []string{name}
	return template
}

// issued is the template signed by a.
func issued(t *testing.T, a *certs.Authority, template *x509.Certificate) tls.Certificate {
	t.Helper()
	certificate, err := a.Issue(template)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
