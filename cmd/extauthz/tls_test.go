package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// certificate writes a self-signed certificate for 127.0.0.1, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestServeTLS serves with mutual TLS. Plain text must be rejected, and healthcheck must
// succeed with the certificate and key of serve.
func TestServeTLS(t *testing.T) {
	cert, key := certificate(t)
	p := start(t, nil, "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", cert)
	conn := p.dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}); err == nil {
		t.Error("plain text was answered")
	}
	line := "healthcheck --admin-listen= --listen " + p.checks
	code, stdout, stderr := typed(t, line, "EXTAUTHZ_TLS_CERT="+cert, "EXTAUTHZ_TLS_KEY="+key, "EXTAUTHZ_TLS_CLIENT_CA="+cert)
	if code != exitDone || stdout != "ok\n" {
		t.Errorf("healthcheck: exit %d, %q, %q", code, stdout, stderr)
	}
	otherCert, otherKey := certificate(t)
	if code, _, stderr := typed(t, line+" --tls-cert "+otherCert+" --tls-key "+otherKey); code != exitFailure || !strings.HasPrefix(stderr, "extauthz healthcheck: ") {
		t.Errorf("healthcheck with a foreign certificate: exit %d, %q", code, stderr)
	}
}
