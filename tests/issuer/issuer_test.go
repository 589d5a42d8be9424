package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/identity/oidc"
)

func start(t *testing.T, algorithm Algorithm) *Issuer {
	t.Helper()
	i, err := Start("", algorithm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

// TestTokensVerify checks that the product verifies tokens of both algorithms with the key set
// that is served, also after a rotation.
func TestTokensVerify(t *testing.T) {
	for _, algorithm := range []Algorithm{RS256, ES256} {
		i := start(t, algorithm)
		for range 2 {
			keys, err := oidc.ParseKeySet("keys.json", fetch(t, i))
			if err != nil {
				t.Fatal(err)
			}
			verifier := oidc.Verifier{URL: i.Name, Keys: keys}
			token := sign(t, i, i.Claims("who", "me", Claims{"more": "yes"}))
			got, err := verifier.Verify(t.Context(), token, []string{"me"}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if more, _ := got.Claims.Text("more"); more != "yes" || got.KeyID != i.keys[len(i.keys)-1].id {
				t.Errorf("claims %v of key %q", got.Claims, got.KeyID)
			}
			if err := i.Rotate(algorithm); err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), sign(t, i, i.Claims("who", "me", nil)), []string{"me"}, time.Now()); err == nil {
				t.Error("a set from before the rotation verifies a token of the new key")
			}
		}
	}
}

func sign(t *testing.T, i *Issuer, claims Claims) string {
	t.Helper()
	token, err := i.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// client returns a client that trusts only the issuer's authority.
func client(t *testing.T, i *Issuer) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(i.Authority()) {
		t.Fatal("the authority is not PEM")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func fetch(t *testing.T, i *Issuer) []byte {
	t.Helper()
	response, err := client(t, i).Get(i.KeysURL())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestStates checks the response in each state, and that every request is counted.
func TestStates(t *testing.T) {
	i := start(t, ES256)
	i.Set(Garbage)
	if text := fetch(t, i); !strings.HasPrefix(string(text), "<html>") {
		t.Errorf("garbage is %q", text)
	}
	i.Set(Down)
	if text := fetch(t, i); string(text) != "down\n" {
		t.Errorf("down is %q", text)
	}
	i.Set(Hanging)
	impatient := client(t, i)
	impatient.Timeout = 200 * time.Millisecond
	if response, err := impatient.Get(i.KeysURL()); err == nil {
		_ = response.Body.Close()
		t.Error("an answer of an issuer that hangs")
	}
	go i.Set(Up)
	if text := fetch(t, i); !json.Valid(text) {
		t.Errorf("up is %q", text)
	}
	if n := i.Fetches(); n != 4 {
		t.Errorf("%d fetches, want 4", n)
	}
}

// TestRetire checks that only the newest key is left, and that no key is made twice.
func TestRetire(t *testing.T) {
	i := start(t, ES256)
	old := i.KeySet()
	if err := i.Rotate(RS256); err != nil {
		t.Fatal(err)
	}
	i.Retire()
	if set := string(i.KeySet()); strings.Contains(set, `"key-1"`) || !strings.Contains(set, `"key-2"`) {
		t.Errorf("the set is %s", set)
	}
	if string(start(t, ES256).KeySet()) == string(old) {
		t.Error("two issuers have one key")
	}
}

// TestPublicKeys checks that the published numbers are those of the keys.
func TestPublicKeys(t *testing.T) {
	for _, algorithm := range []Algorithm{RS256, ES256} {
		k, err := newKey("k", algorithm)
		if err != nil {
			t.Fatal(err)
		}
		number := func(name string) *big.Int {
			raw, err := base64.RawURLEncoding.DecodeString(k.public()[name])
			if err != nil {
				t.Fatal(err)
			}
			return new(big.Int).SetBytes(raw)
		}
		if algorithm == RS256 && !k.rsa.PublicKey.Equal(&rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}) {
			t.Error("another RSA key was published")
		}
		if algorithm == ES256 {
			point := append([]byte{4}, append(number("x").FillBytes(make([]byte, 32)), number("y").FillBytes(make([]byte, 32))...)...)
			if public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil || !k.ecdsa.PublicKey.Equal(public) {
				t.Errorf("another EC key was published (%v)", err)
			}
		}
	}
}

// TestGrants checks that only the right password gets a token, with the granted claims.
func TestGrants(t *testing.T) {
	i := start(t, ES256)
	ask := func(password string) (status int, body string) {
		t.Helper()
		request, err := http.NewRequest(http.MethodGet, i.TokensURL()+"?service=s", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("alice", password)
		response, err := client(t, i).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	if status, _ := ask("right"); status != http.StatusUnauthorized {
		t.Errorf("status %d of an issuer that grants nothing", status)
	}
	i.Grants(func(user, password string, query url.Values) Claims {
		if password != "right" {
			return nil
		}
		return i.Claims(user, query.Get("service"), nil)
	})
	if status, _ := ask("wrong"); status != http.StatusUnauthorized {
		t.Errorf("status %d for a wrong password", status)
	}
	status, body := ask("right")
	var granted struct{ Token string }
	if err := json.Unmarshal([]byte(body), &granted); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %s (%v)", status, body, err)
	}
	keys, err := oidc.ParseKeySet("keys.json", fetch(t, i))
	if err != nil {
		t.Fatal(err)
	}
	verifier := oidc.Verifier{URL: i.Name, Keys: keys}
	if token, err := verifier.Verify(t.Context(), granted.Token, []string{"s"}, time.Now()); err != nil || token.Claims["sub"] != "alice" {
		t.Errorf("token %v (%v)", token, err)
	}
}
