package oidc

import (
	"fmt"
	"testing"
)

// benchmarkClaims returns claims as many and as long as those of a CI job's token.
func benchmarkClaims() string {
	all := map[string]any{}
	for n := range 20 {
		all[fmt.Sprintf("claim_%d", n)] = "repo:acme/application:ref:refs/heads/main"
	}
	return claims(all)
}

// benchmarkToken returns a token of the algorithm, and its verifier.
func benchmarkToken(b *testing.B, name, algorithm string) (*Verifier, string) {
	b.Helper()
	issuer := &Verifier{URL: issuerURL, Keys: keySet(b, jwk(name, "k", ""), jwk("other", "o", ""))}
	return issuer, craft(theKeys()[name], algorithm, header(algorithm, "k"), benchmarkClaims())
}

func BenchmarkVerifyRemembered(b *testing.B) {
	issuer, raw := benchmarkToken(b, "rsa", "RS256")
	wanted := []string{audience}
	if _, err := issuer.Verify(b.Context(), raw, wanted, noon); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := issuer.Verify(b.Context(), raw, wanted, noon); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify measures tokens that are not in the cache.
func BenchmarkVerify(b *testing.B) {
	for algorithm, name := range map[string]string{"RS256": "rsa", "ES256": "p256", "EdDSA": "ed"} {
		b.Run(algorithm, func(b *testing.B) {
			issuer, raw := benchmarkToken(b, name, algorithm)
			b.ReportAllocs()
			for b.Loop() {
				issuer.Keys.static.tokens.Purge()
				if _, err := issuer.Verify(b.Context(), raw, []string{audience}, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefused measures a token that a client forged.
func BenchmarkRefused(b *testing.B) {
	issuer, _ := benchmarkToken(b, "rsa", "RS256")
	raw := craft(theKeys()["other"], "RS256", header("RS256", "k"), benchmarkClaims())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := issuer.Verify(b.Context(), raw, []string{audience}, noon); err == nil {
			b.Fatal("taken")
		}
	}
}

func BenchmarkAccept(b *testing.B) {
	issuer, raw := benchmarkToken(b, "rsa", "RS256")
	verified := metadata(b, benchmarkClaims())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := issuer.Accept(verified, raw, []string{audience}, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnverifiedIssuer(b *testing.B) {
	issuer, raw := benchmarkToken(b, "rsa", "RS256")
	for _, name := range []string{"new", "remembered"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := UnverifiedIssuer(raw, issuer); err != nil {
					b.Fatal(err)
				}
			}
		})
		if _, err := issuer.Verify(b.Context(), raw, []string{audience}, noon); err != nil {
			b.Fatal(err)
		}
	}
}
