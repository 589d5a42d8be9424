package oidc

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http/httptest"
	"testing"
	"time"
)

// zipped returns size bytes of compressed white space.
func zipped(size int) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(bytes.Repeat([]byte(" "), size))
	w.Close()
	return out.Bytes()
}

func TestURL(t *testing.T) {
	cache := NewKeyCache(KeyCacheOptions{Offline: true})
	for _, url := range []string{"", "jwks.json", "http://issuer.example.com/jwks", "https://user:secret@issuer.example.com/jwks"} {
		if _, err := cache.KeySet(url, nil); err == nil {
			t.Errorf("%q is accepted", url)
		}
	}
	if all := cache.Status(); len(all) != 0 {
		t.Errorf("sets of bad URLs are kept: %+v", all)
	}
}

// tlsServer returns the URL of a key set, and the CA of the server in PEM.
func tlsServer(t *testing.T) (url string, ca []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(text(jwks(jwk("rsa", "rsa", ""))))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// TestCAIsPartOfTheKey checks that a URL with another CA is another set, because
// snapshots can trust different authorities.
func TestCAIsPartOfTheKey(t *testing.T) {
	url, ca := tlsServer(t)
	cache := NewKeyCache(KeyCacheOptions{})
	trusting, err := cache.KeySet(url, ca)
	if err != nil {
		t.Fatal(err)
	}
	other, err := cache.KeySet(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	cache.Keep([]*KeySet{trusting, other})
	raw := by("rsa")
	_, err = verify(t, trusting, raw)
	wantError(t, err, "", raw)
	if _, err = verify(t, other, raw); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	if all := cache.Status(); len(all) != 2 || all[0].Keys+all[1].Keys != 1 {
		t.Errorf("%+v", all)
	}
}

// selfSigned returns a self-signed certificate in DER.
func selfSigned(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
