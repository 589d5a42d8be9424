package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates for one test run.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority is a fresh authority that signs its own certificate.
func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := certificate("an authority of the tests")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	a := &authority{certificate: template, key: newKey(t)}
	signed, err := x509.ParseCertificate(a.sign(t, template, a.key))
	if err != nil {
		t.Fatal(err)
	}
	a.certificate = signed
	return a
}

// certificate is the template of one that is valid for an hour.
func certificate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign is the certificate in DER.
func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// issue is a signed certificate with its key.
func (a *authority) issue(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key := newKey(t)
	return tls.Certificate{Certificate: [][]byte{a.sign(t, template, key)}, PrivateKey: key}
}

// client is a certificate with a URI in it, or a DNS name where uri is "".
func (a *authority) client(t *testing.T, uri, dns string) tls.Certificate {
	t.Helper()
	template := certificate("a client")
	if uri != "" {
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{parsed}
	}
	if dns != "" {
		template.DNSNames = []string{dns}
	}
	return a.issue(t, template)
}

// serve writes what Envoy needs to serve TLS on loopback to clients of this
// authority: the files that the example names under /certs.
func (a *authority) serve(t *testing.T, dir string) {
	t.Helper()
	template := certificate("registry")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server := a.issue(t, template)
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "server.crt"), "CERTIFICATE", server.Certificate[0])
	writePEM(t, filepath.Join(dir, "server.key"), "PRIVATE KEY", key)
	writePEM(t, filepath.Join(dir, "client-ca.crt"), "CERTIFICATE", a.certificate.Raw)
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	write(t, file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
