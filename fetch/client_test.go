package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// text returns a server's response.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func TestURL(t *testing.T) {
	good := []string{
		"https://issuer.example.com/jwks", "https://issuer.example.com", "https://10.0.0.1:8443/jwks?x=1", "https://[::1]/jwks",
		"http://localhost/jwks", "http://127.0.0.1:8080/jwks", "http://127.1.2.3/jwks", "http://[::1]:80/jwks",
	}
	bad := []string{
		"", "issuer.example.com/jwks", "jwks.json", "/jwks", "https:///jwks", "https://", "file:///etc/passwd", "ftp://localhost/", "data:,x",
		"http://issuer.example.com/jwks", "http://10.0.0.1/", "http://169.254.169.254/", "http://0.0.0.0/", "http://[::]/", "http://127.0.0.1.nip.example/", "http://localhost.example/", "http://127.1/", "http://2130706433/",
		"https://user:secret@issuer.example.com/jwks", "https://user:sec%ret@issuer.example.com/jwks", "http://user:secret@issuer.example.com/jwks", "https://issuer.example.com/jwks#keys", "https://issuer.example.com/\x00", "HTTP://issuer.example.com/",
	}
	for _, address := range good {
		if _, err := NewClient("a key set", address, nil); err != nil {
			t.Errorf("%q is refused: %v", address, err)
		}
	}
	for _, address := range bad {
		if _, err := NewClient("a key set", address, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", address, err)
		}
	}
}

// tlsServer returns the URL of a server with TLS, and its CA in PEM.
func tlsServer(t *testing.T, change func(*tls.Config)) (address string, ca []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(text("{}"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{}
	change(server.TLS)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestTLS(t *testing.T) {
	address, ca := tlsServer(t, func(*tls.Config) {})
	old, oldCA := tlsServer(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	_, port, _ := strings.Cut(address, "127.0.0.1")
	cases := []struct {
		name, address string
		ca            []byte
		want          string // in the error; "" for none
	}{
		{"its CA", address, ca, ""},
		{"several CAs", address, append(bytes.Clone(ca), ca...), ""},
		{"the system's roots", address, nil, "certificate"},
		{"another name", "https://localhost" + port, ca, "certificate"},
		{"TLS 1.1", old, oldCA, "protocol version"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, err := NewClient("a key set", c.address, c.ca)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Get(context.Background(), nil, nil)
			wantError(t, err, c.want)
		})
	}
	for _, bad := range []string{"", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		_, err := NewClient("a key set", address, []byte(bad))
		wantError(t, err, "contains no certificate")
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestRedirect(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect is followed") }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		_, err := get(t, http.RedirectHandler(target.URL, status), nil, nil)
		wantError(t, err, "redirects are not followed")
	}
}

// get gets the response of a server.
func get(t *testing.T, handler http.Handler, query url.Values, header http.Header) ([]byte, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	client, err := NewClient("a text", server.URL+"/path?a=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	return client.Get(context.Background(), query, header)
}

func TestLargest(t *testing.T) {
	for size, want := range map[int]string{MaxBody: "", MaxBody + 1: "longer than 1 MiB"} {
		got, err := get(t, text(strings.Repeat(" ", size)), nil, nil)
		wantError(t, err, want)
		if err == nil && len(got) != size {
			t.Errorf("%d bytes, want %d", len(got), size)
		}
	}
}

// TestRequest checks what a request contains, and that no error contains it.
func TestRequest(t *testing.T) {
	const secret = "a-secret"
	query, header := url.Values{"scope": {secret, "b"}}, http.Header{"Authorization": {"Basic " + secret}}
	got, err := get(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
	}), query, header)
	if want := "GET /path?a=1&scope=a-secret&scope=b Basic a-secret"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for name, handler := range map[string]http.HandlerFunc{
		"refused":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
		"cut off":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirected": http.RedirectHandler("/?"+secret, http.StatusFound).ServeHTTP,
	} {
		if _, err := get(t, handler, query, header); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
