package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An Authority signs certificates.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority returns a new authority.
func NewAuthority() (*Authority, error) {
	template := Named("an authority of the tests")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	signed, err := x509.ParseCertificate(der)
	return &Authority{signed, key}, err
}

// Named returns the template of a client or server certificate with this common name.
func Named(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// Issue signs a certificate for a new key.
func (a *Authority) Issue(template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// WriteServer writes the files that the examples have below /certs, so that Envoy serves TLS on
// loopback addresses to clients with certificates of this authority.
func (a *Authority) WriteServer(dir string) error {
	template := Named("registry")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	return errors.Join(
		a.Write(dir, "server", template),
		write(filepath.Join(dir, "client-ca.crt"), "CERTIFICATE", a.Certificate.Raw))
}

// Write signs a certificate for a new key, and writes NAME.crt and NAME.key into dir.
func (a *Authority) Write(dir, name string, template *x509.Certificate) error {
	issued, err := a.Issue(template)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(issued.PrivateKey)
	if err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(dir, name+".crt"), "CERTIFICATE", issued.Certificate[0]),
		write(filepath.Join(dir, name+".key"), "PRIVATE KEY", key))
}

// write writes one PEM block. Everyone may read it, because Envoy may run as another user.
func write(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644)
}
