package identity

import "testing"

func TestParseSource(t *testing.T) {
	for _, text := range []string{"mtls", "jwt_authn", "bearer", "basic", "header"} {
		if s, err := ParseSource(text); err != nil || string(s) != text {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "none", "MTLS", "jwt", "basic "} {
		if s, err := ParseSource(text); err == nil || s != "" {
			t.Errorf("%q is %v", text, s)
		}
	}
}

// TestSourcesAreComplete checks that each source and kind of name defines what is used
// without a check.
func TestSourcesAreComplete(t *testing.T) {
	kinds := map[NameKind]bool{}
	for _, s := range sources() {
		if s.name == "" || s.authenticate == nil || s.isUsable == nil || s.missing == "" {
			t.Errorf("source %q is not complete", s.name)
		}
		for _, k := range s.kinds {
			if k.name == "" || kinds[k.name] || k.bind == nil || k.offline == nil {
				t.Errorf("kind %q of source %q is not complete, or defined twice", k.name, s.name)
			}
			kinds[k.name] = true
		}
	}
}

func TestSourceProperties(t *testing.T) {
	for _, c := range []struct {
		source      Source
		tokens      bool
		notVerified bool
		missing     string // in an authenticator without bindings and issuers
		afterwards  string // in one with bindings of users only
		bearerToken bool
	}{
		{MTLS, false, true, "no credential with uri, dns or subject", "no credential with uri, dns or subject", false},
		{JWTAuthn, true, true, "no issuer with metadata", "no issuer with metadata", true},
		{Bearer, true, false, "no issuer with jwks", "no issuer with jwks", true},
		{BasicAuth, true, false, "no credential with basic, and no issuer with jwks", "", false},
		{TrustedHeader, false, true, "no credential with header", "no credential with header", false},
		{"", false, false, "", "", false},
	} {
		auth := newAuthenticator(t, "alice")
		missing := auth.Missing(c.source)
		bind(t, auth, BasicUser, "alice", alice)
		if c.source.TakesTokens() != c.tokens || (c.source.NotVerified() != "") != c.notVerified ||
			missing != c.missing || auth.Missing(c.source) != c.afterwards || invalid(c.source, "").IsInvalidToken() != c.bearerToken {
			t.Errorf("%q: %v, %q, %q, %q", c.source, c.source.TakesTokens(), c.source.NotVerified(), missing, auth.Missing(c.source))
		}
	}
}
