package authz

import (
	"testing"

	"extauthz/identity/oidc/oidctest"
)

// issuer is an OpenID Connect issuer of these tests.
type issuer struct {
	url string
	*oidctest.Signer
}

func newIssuer(url string) *issuer { return &issuer{url, oidctest.NewSigner(url)} }

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

// token is a token with those claims.
func (i *issuer) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	return i.Token(t, i.claims(changes))
}
