package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

type certificateNames struct {
	uris, dns []string
	subject   pkix.Name
}

// certificate returns a leaf with the given names as Envoy sends it. The names
// are written into the extension as they are, well formed or not.
func certificate(t *testing.T, names certificateNames) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: names.subject}
	if len(names.dns)+len(names.uris) > 0 {
		template.ExtraExtensions = []pkix.Extension{subjectAlternativeNames(t, names)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return envoyEncoding(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

// envoyEncoding escapes the characters that Envoy escapes in a PEM text.
func envoyEncoding(text string) string {
	return strings.NewReplacer("\n", "%0A", " ", "%20", "+", "%2B", "/", "%2F", "=", "%3D").Replace(text)
}

func subjectAlternativeNames(t *testing.T, names certificateNames) pkix.Extension {
	t.Helper()
	const dnsTag, uriTag = 2, 6 // RFC 5280, section 4.2.1.6
	var all []asn1.RawValue
	for _, name := range names.dns {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: dnsTag, Bytes: []byte(name)})
	}
	for _, name := range names.uris {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: uriTag, Bytes: []byte(name)})
	}
	value, err := asn1.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}
}

func TestCertificateName(t *testing.T) {
	const spiffe = "spiffe://example.com/ns/ci/sa/builder"
	subject := pkix.Name{CommonName: "ci", Organization: []string{"example"}}
	for _, c := range []struct {
		name      string
		principal string // what Envoy says
		names     certificateNames
		kind      NameKind
		failure   string
	}{
		{name: "URI", principal: spiffe, names: certificateNames{uris: []string{spiffe}}, kind: URI},
		{name: "first of two URIs", principal: spiffe, names: certificateNames{uris: []string{spiffe, "spiffe://example.com/admin"}}, kind: URI},
		{name: "URI goes before DNS", principal: spiffe, names: certificateNames{dns: []string{"ci.example.com"}, uris: []string{spiffe}}, kind: URI},
		{name: "DNS", principal: "ci.example.com", names: certificateNames{dns: []string{"ci.example.com", "b.example.com"}, subject: subject}, kind: DNS},
		{name: "subject", principal: "CN=ci,O=example", names: certificateNames{subject: subject}, kind: Subject},
		{name: "a DNS name spelt like a SPIFFE ID stays a DNS name", principal: spiffe, names: certificateNames{dns: []string{spiffe}}, kind: DNS},
		{name: "a DNS name spelt like a subject stays a DNS name", principal: "CN=ci,O=example", names: certificateNames{dns: []string{"CN=ci,O=example"}}, kind: DNS},
		{name: "no principal", names: certificateNames{uris: []string{spiffe}}, failure: "no usable name"},
		{name: "empty URI", names: certificateNames{uris: []string{""}, dns: []string{"ci.example.com"}}, failure: "no usable name"},
		{name: "second URI", principal: "spiffe://example.com/admin", names: certificateNames{uris: []string{spiffe, "spiffe://example.com/admin"}}, failure: "not the one in the certificate"},
		{name: "NUL in a URI", principal: spiffe, names: certificateNames{uris: []string{spiffe + "\x00.evil"}}, failure: "cannot be parsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, f := peerNames(c.principal, certificate(t, c.names), NoName)
			switch {
			case c.failure == "" && (f != nil || names[0] != name{c.kind, c.principal}):
				t.Errorf("got %v, failure %v; want %s", names, f, c.kind)
			case c.failure != "" && (f == nil || names != nil || !strings.Contains(f.Reason, c.failure)):
				t.Errorf("got %v, failure %v; want %q", names, f, c.failure)
			}
		})
	}
}

func TestCertificateNameRefusesOtherText(t *testing.T) {
	for _, c := range []struct{ name, certificate, failure string }{
		{"none", "", "include_peer_certificate"},
		{"bad escape", "%zz", "not URL-encoded"},
		{"not PEM", "hello", "not PEM"},
		{"a key", envoyEncoding("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "not PEM"},
		{"not a certificate", envoyEncoding("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "cannot be parsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if names, f := peerNames("CN=ci", c.certificate, NoName); f == nil || names != nil || !strings.Contains(f.Reason, c.failure) {
				t.Errorf("names %v, failure %v, want %q", names, f, c.failure)
			}
		})
	}
}
