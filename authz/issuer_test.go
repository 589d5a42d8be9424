package authz

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// issuer is an OpenID Connect issuer of these tests.
type issuer struct {
	url string
	key *ecdsa.PrivateKey
}

func newIssuer(t testing.TB, url string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{url, key}
}

// jwks is the issuer's key set (RFC 7517), with the one key "k1".
func (i *issuer) jwks(t testing.TB) string {
	t.Helper()
	point, err := i.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		t.Fatal(err)
	}
	return `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k1","x":"` + encode(point[1:33]) + `","y":"` + encode(point[33:]) + `"}]}`
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claims are those of a token for registry a, good at the time of the requests,
// changed as said; nil takes a claim away.
func (i *issuer) claims(changes map[string]any) map[string]any {
	all := map[string]any{
		"iss": i.url, "aud": "a.example.com", "sub": "repo:acme/app", "ref": "main",
		"iat": float64(1_799_999_900), "exp": float64(1_800_000_600),
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// token is a token with those claims (RFC 7519).
func (i *issuer) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(i.claims(changes))
	if err != nil {
		t.Fatal(err)
	}
	text := encode([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}
