package envoy

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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"
)

// authority signs the certificates of a test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	a := &authority{certificate: template}
	a.certificate, a.key = a.sign(t, template)
	return a
}

// sign completes the template with a new key. An authority without a key signs itself.
func (a *authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

// issue writes a certificate for 127.0.0.1 and its key into f's files and
// returns the certificate with its key.
func (a *authority) issue(t *testing.T, f TLSFiles) tls.Certificate {
	t.Helper()
	certificate, key := a.sign(t, &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, f.Cert, "CERTIFICATE", certificate.Raw)
	writePEM(t, f.Key, "PRIVATE KEY", der)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tlsFiles(t *testing.T) TLSFiles {
	t.Helper()
	dir := t.TempDir()
	return TLSFiles{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
}

// age sets the file's modification time back, so that the next write is detected with any clock
// resolution of the file system.
func age(t *testing.T, names ...string) {
	t.Helper()
	past := time.Now().Add(-time.Minute)
	for _, name := range names {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
}

func noReport(t *testing.T) func(error) {
	return func(err error) { t.Errorf("reported: %v", err) }
}

// TestTLS checks a handshake without a client certificate.
func TestTLS(t *testing.T) {
	ca, files := newAuthority(t), tlsFiles(t)
	ca.issue(t, files)
	config, err := files.Config(noReport(t))
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, config, deny)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		creds := credentials.NewTLS(&tls.Config{RootCAs: ca.pool(), MinVersion: version, MaxVersion: version})
		if err := check(t.Context(), s.dial(t, creds)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := credentials.NewTLS(&tls.Config{RootCAs: ca.pool(), MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11})
	if err := check(t.Context(), s.dial(t, old)); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	stranger := credentials.NewTLS(&tls.Config{RootCAs: newAuthority(t).pool()})
	if err := check(t.Context(), s.dial(t, stranger)); err == nil {
		t.Error("a client that trusts another authority accepted the server")
	}
}

// TestMutualTLS checks which client certificates are accepted.
func TestMutualTLS(t *testing.T) {
	ca, clientCA, files := newAuthority(t), newAuthority(t), tlsFiles(t)
	ca.issue(t, files)
	files.ClientCA = filepath.Join(filepath.Dir(files.Cert), "ca.crt")
	writePEM(t, files.ClientCA, "CERTIFICATE", clientCA.certificate.Raw)
	config, err := files.Config(noReport(t))
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, config, deny)
	good, foreign := clientCA.issue(t, tlsFiles(t)), ca.issue(t, tlsFiles(t))
	for _, c := range []struct {
		name         string
		certificates []tls.Certificate
		allowed      bool
	}{
		{"signed by a client authority", []tls.Certificate{good}, true},
		{"signed by another authority", []tls.Certificate{foreign}, false},
		{"without a certificate", nil, false},
	} {
		creds := credentials.NewTLS(&tls.Config{RootCAs: ca.pool(), Certificates: c.certificates})
		if err := check(t.Context(), s.dial(t, creds)); (err == nil) != c.allowed {
			t.Errorf("client %s: error = %v; want allowed = %v", c.name, err, c.allowed)
		}
	}
}

// served returns the serial number of the certificate that the listener of config sends.
func served(t *testing.T, config *tls.Config) *big.Int {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go tls.Server(server, config).HandshakeContext(t.Context())
	conn := tls.Client(client, &tls.Config{InsecureSkipVerify: true}) // only the serial number is looked at
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().PeerCertificates[0].SerialNumber
}

// TestTLSRenewal checks that changed files are loaded, and that invalid ones are reported once.
func TestTLSRenewal(t *testing.T) {
	ca, files := newAuthority(t), tlsFiles(t)
	var reported []error
	first := ca.issue(t, files).Leaf.SerialNumber
	age(t, files.Cert, files.Key)
	config, err := files.Config(func(err error) { reported = append(reported, err) })
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, serial *big.Int, reports int) {
		t.Helper()
		if got := served(t, config); got.Cmp(serial) != 0 {
			t.Errorf("%s: serial number = %v; want %v", when, got, serial)
		}
		if len(reported) != reports {
			t.Errorf("%s: reported %v; want %d reports", when, reported, reports)
		}
	}
	want("at the start", first, 0)

	second := ca.issue(t, files).Leaf.SerialNumber
	want("renewed", second, 0)

	if err := os.WriteFile(files.Key, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("key broken", second, 1)
	if err := os.Remove(files.Cert); err != nil {
		t.Fatal(err)
	}
	want("certificate gone", second, 2)

	want("fixed", ca.issue(t, files).Leaf.SerialNumber, 2)
}

// TestTLSBadFiles checks the errors of files that cannot be loaded.
func TestTLSBadFiles(t *testing.T) {
	ca := newAuthority(t)
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, f *TLSFiles)
		err    string
	}{
		{"no certificate", func(t *testing.T, f *TLSFiles) { f.Cert += ".gone" }, "tls.crt.gone"},
		{"no key", func(t *testing.T, f *TLSFiles) { f.Key += ".gone" }, "tls.key.gone"},
		{"key of another certificate", func(t *testing.T, f *TLSFiles) {
			other := tlsFiles(t)
			ca.issue(t, other)
			f.Key = other.Key
		}, "private key does not match"},
		{"no authorities", func(t *testing.T, f *TLSFiles) { f.ClientCA = f.Cert + ".gone" }, "tls.crt.gone"},
		{"authorities without a certificate", func(t *testing.T, f *TLSFiles) { f.ClientCA = f.Key }, "does not contain a PEM certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := tlsFiles(t)
			ca.issue(t, files)
			c.damage(t, &files)
			if _, err := files.Config(noReport(t)); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error = %v; want one with %q", err, c.err)
			}
		})
	}
}
