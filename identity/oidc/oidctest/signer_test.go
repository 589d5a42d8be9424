package oidctest

import (
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/identity/oidc"
)

// A signer's tokens hold by its own keys, and by no other signer's.
func TestSigner(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	claims := map[string]any{"iss": "https://ci.example.com", "aud": "a", "sub": "job", "exp": now.Unix() + 60}
	raw := NewSigner("one").Token(t, claims)
	for name, holds := range map[string]bool{"one": true, "other": false} {
		keys, err := oidc.ParseKeySet("jwks/test.json", []byte(NewSigner(name).JWKS()))
		if err != nil {
			t.Fatal(err)
		}
		issuer := oidc.Verifier{URL: "https://ci.example.com", Keys: keys}
		token, err := issuer.Verify(t.Context(), raw, []string{"a"}, now)
		if (err == nil) != holds {
			t.Errorf("by the keys of %s: %v", name, err)
		}
		if holds && (token.KeyID != "k1" || token.Claims["sub"] != "job") {
			t.Errorf("token %+v", token)
		}
	}
}
