package oidc

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
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
	good := []string{
		"https://issuer.example.com/jwks", "https://issuer.example.com", "https://10.0.0.1:8443/jwks?x=1", "https://[::1]/jwks",
		"http://localhost/jwks", "http://127.0.0.1:8080/jwks", "http://127.1.2.3/jwks", "http://[::1]:80/jwks",
	}
	bad := []string{
		"", "issuer.example.com/jwks", "jwks.json", "/jwks", "https:///jwks", "https://", "file:///etc/passwd", "ftp://localhost/", "data:,x",
		"http://issuer.example.com/jwks", "http://10.0.0.1/", "http://169.254.169.254/", "http://0.0.0.0/", "http://[::]/", "http://127.0.0.1.nip.example/", "http://localhost.example/", "http://127.1/", "http://2130706433/",
		"https://user:secret@issuer.example.com/jwks", "https://issuer.example.com/jwks#keys", "https://issuer.example.com/\x00", "HTTP://issuer.example.com/",
	}
	for _, url := range good {
		if err := checkURL(url); err != nil {
			t.Errorf("%q is refused: %v", url, err)
		}
	}
	cache := NewKeyCache(KeyCacheOptions{Offline: true})
	for _, url := range bad {
		if _, err := cache.KeySet(url, nil); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	if all := cache.Status(); len(all) != 0 {
		t.Errorf("sets of bad URLs are kept: %+v", all)
	}
}

// tlsServer returns the URL of a key set, and the CA of the server in PEM.
func tlsServer(t *testing.T, change func(*tls.Config)) (url string, ca []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(text(jwks(jwk("rsa", "rsa", ""))))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{}
	change(server.TLS)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestTLS(t *testing.T) {
	unchanged := func(*tls.Config) {}
	url, ca := tlsServer(t, unchanged)
	oldURL, oldCA := tlsServer(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	otherCA := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: selfSigned(t, theKeys()["p256"])})
	_, port, _ := strings.Cut(url, "127.0.0.1")
	cases := []struct {
		name, url string
		ca        []byte
		say       string
	}{
		{"its CA", url, ca, ""},
		{"several CAs", url, append(bytes.Clone(otherCA), ca...), ""},
		{"another CA", url, otherCA, "certificate"},
		{"the system's roots", url, nil, "certificate"},
		{"another name", "https://localhost" + port, ca, "certificate"},
		{"TLS 1.1", oldURL, oldCA, "protocol version"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := newFetcher(c.url, c.ca)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.get()
			wantError(t, err, c.say, "")
		})
	}
	for _, bad := range []string{"", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		_, err := NewKeyCache(KeyCacheOptions{}).KeySet(url, []byte(bad))
		wantError(t, err, "contains no certificate", "")
	}
}

// TestCAIsPartOfTheKey checks that a URL with another CA is another set, because
// snapshots can trust different authorities.
func TestCAIsPartOfTheKey(t *testing.T) {
	url, ca := tlsServer(t, func(*tls.Config) {})
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

// TestRedirect checks that redirects are not followed.
func TestRedirect(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect is followed") }))
	defer target.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(target.URL, code))
		f, err := newFetcher(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.get()
		wantError(t, err, "redirects are not followed", "")
		server.Close()
	}
}

// TestLargest checks responses at the maximum length.
func TestLargest(t *testing.T) {
	for size, say := range map[int]string{maxBody: "", maxBody + 1: "longer than 1 MiB"} {
		server := httptest.NewServer(text(strings.Repeat(" ", size)))
		f, err := newFetcher(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.get()
		wantError(t, err, say, "")
		if err == nil && len(got) != size {
			t.Errorf("%d bytes, want %d", len(got), size)
		}
		server.Close()
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
