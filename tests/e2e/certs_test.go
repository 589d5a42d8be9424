package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"testing"

	"extauthz/tests/certs"
)

// authority returns a new authority.
func authority(t *testing.T) *certs.Authority {
	t.Helper()
	a, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// withURI returns the template of a client certificate with one URI.
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

// withDNS returns the template of a client certificate with one DNS name, which may be any
// text.
func withDNS(name string) *x509.Certificate {
	template := certs.Named("a client")
	template.DNSNames = []string{name}
	return template
}

// issued returns a certificate of the template, signed by a.
func issued(t *testing.T, a *certs.Authority, template *x509.Certificate) tls.Certificate {
	t.Helper()
	certificate, err := a.Issue(template)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
