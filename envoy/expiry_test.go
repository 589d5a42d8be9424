package envoy

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestExpiry checks that the expiry is that of the certificate in the chain that expires
// first, and that it follows a change of the files without a handshake.
func TestExpiry(t *testing.T) {
	dir := t.TempDir()
	f := TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	old := newAuthority(t)
	leaf := old.issue(t, f).Leaf
	config, err := f.Config(func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	expires(t, leaf.NotAfter, func() (time.Time, error) { return Expiry(config) })

	time.Sleep(1100 * time.Millisecond) // certificates have whole seconds: the next one expires after the authority
	next := old.issue(t, f).Leaf
	chain := append(encode(next), encode(old.certificate)...)
	if err := os.WriteFile(f.Cert, chain, 0o600); err != nil {
		t.Fatal(err)
	}
	if !old.certificate.NotAfter.Before(next.NotAfter) {
		t.Fatal("the authority does not expire first")
	}
	expires(t, old.certificate.NotAfter, func() (time.Time, error) { return Expiry(config) })
}

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func expires(t *testing.T, want time.Time, get func() (time.Time, error)) {
	t.Helper()
	if got, err := get(); err != nil || !got.Equal(want) {
		t.Errorf("expiry %v, error %v; want %v", got, err, want)
	}
}
