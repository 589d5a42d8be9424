package oidctest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// A Signer has one Ed25519 key, whose kid is "k1".
type Signer struct{ key ed25519.PrivateKey }

// NewSigner returns the signer of a name. Its key is derived from the name, so that tests
// are reproducible. The key is public and must not be used elsewhere.
func NewSigner(name string) *Signer {
	seed := sha256.Sum256([]byte(name))
	return &Signer{ed25519.NewKeyFromSeed(seed[:])}
}

// JWKS returns the signer's key set (RFC 7517; RFC 8037, section 2).
func (s *Signer) JWKS() string {
	x := encode(s.key.Public().(ed25519.PublicKey))
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"k1","x":"` + x + `"}]}`
}

// Token returns a token with those claims and no others (RFC 7519).
func (s *Signer) Token(t testing.TB, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := encode([]byte(`{"alg":"EdDSA","kid":"k1"}`)) + "." + encode(payload)
	return text + "." + encode(ed25519.Sign(s.key, []byte(text)))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
