package authz

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"extauthz/identity/oidc/oidctest"
	"extauthz/mapping"
)

// TestTokens checks tokens in each form in which clients send them.
func TestTokens(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	good := i.token(t, nil)
	forB := i.token(t, map[string]any{"aud": "b.example.com"})
	for _, c := range []struct {
		name, registry, method, path string
		header                       mapping.Header
		want                         Outcome
		principal                    string
	}{
		{"Bearer", "a", "GET", pullTarget, authorization("Bearer " + good), Allowed, ciSession},
		{"Bearer on /v2/", "a", "GET", "/v2/", authorization("Bearer " + good), Allowed, ciSession},
		{"in Basic", "a", "GET", pullTarget, password("AWS", good), Allowed, ciSession},
		{"in Basic, the only source", "basic", "GET", pullTarget, password("AWS", good), Allowed, ciSession},
		{"session tag from a claim", "a", "PUT", "/v2/main/app/manifests/v1", authorization("Bearer " + good), Allowed, ciSession},
		{"another branch", "a", "PUT", "/v2/next/app/manifests/v1", authorization("Bearer " + good), ImplicitDeny, ciSession},
		{"a role by its name", "a", "GET", pullTarget, password("123456789012/deploy/prod", i.token(t, map[string]any{"sub": "repo:acme/deploy"})), Allowed, "arn:aws:sts::123456789012:assumed-role/prod/deploy"},
		{"a role that trusts others", "a", "GET", pullTarget, password("123456789012/deploy/prod", good), Unauthenticated, ""},
		{"a role without a trust policy", "a", "GET", pullTarget, password("123456789012/closed", good), Unauthenticated, ""},
		{"an unknown role", "a", "GET", pullTarget, password("123456789012/admin", good), Unauthenticated, ""},
		{"a role of another partition", "china", "GET", pullTarget, password("123456789012/ci", good), Unauthenticated, ""},
		{"a token for A, at B", "b", "GET", pullTarget, authorization("Bearer " + good), Unauthenticated, ""},
		{"a token for A, at B, in Basic", "b", "GET", pullTarget, password("AWS", good), Unauthenticated, ""},
		{"a token for B, at A", "a", "GET", pullTarget, authorization("Bearer " + forB), Unauthenticated, ""},
		{"a token for B, at B, whose audience the role does not trust", "b", "GET", pullTarget, authorization("Bearer " + forB), Unauthenticated, ""},
		{"a token for both, at B", "b", "GET", pullTarget, authorization("Bearer " + i.token(t, map[string]any{"aud": []string{"b.example.com", "a.example.com"}})), Unauthenticated, ""},
		{"Bearer, which is not a source", "basic", "GET", pullTarget, authorization("Bearer " + good), Unauthenticated, ""},
		{"Bearer, where only certificates count", "certs", "GET", pullTarget, authorization("Bearer " + good), Unauthenticated, ""},
		{"Bearer that Envoy has not verified", "envoy", "GET", pullTarget, authorization("Bearer " + good), Unauthenticated, ""},
		{"expired", "a", "GET", pullTarget, authorization("Bearer " + i.token(t, map[string]any{"exp": 1_799_999_000})), Unauthenticated, ""},
		{"not yet valid", "a", "GET", pullTarget, authorization("Bearer " + i.token(t, map[string]any{"nbf": 1_800_000_100})), Unauthenticated, ""},
		{"without exp", "a", "GET", pullTarget, authorization("Bearer " + i.token(t, map[string]any{"exp": nil})), Unauthenticated, ""},
		{"subject that is a number", "a", "GET", pullTarget, authorization("Bearer " + i.token(t, map[string]any{"sub": 7})), Unauthenticated, ""},
		{"signed with another issuer's key", "a", "GET", pullTarget, authorization("Bearer " + (&issuer{i.url, oidctest.NewSigner("another")}).token(t, nil)), Unauthenticated, ""},
		{"in the query", "a", "GET", pullTarget + "?access_token=" + good, mapping.Header{}, Unauthenticated, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time remembered
				r := checker.Check(context.Background(), by(c.registry, c.method, c.path, c.header))
				if r.Decision != c.want || r.Principal != c.principal {
					t.Fatalf("%s as %q (%s), want %s as %q", r.Decision, r.Principal, r.Reason, c.want, c.principal)
				}
				if r.Principal != "" && (r.Issuer != "ci" || r.KeyID != "k1") {
					t.Errorf("issuer %q, key %q", r.Issuer, r.KeyID)
				}
			}
		})
	}
}

// TestVerifiedClaims checks that claims in Envoy's metadata count only for the token in the
// Authorization header.
func TestVerifiedClaims(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	good, verified := i.token(t, nil), map[string]any{"ci": i.claims(nil)}
	other := map[string]any{"ci": i.claims(map[string]any{"sub": "repo:acme/other"})}
	for _, c := range []struct {
		name     string
		headers  []mapping.Header
		metadata map[string]any
		want     Outcome
	}{
		{"verified", []mapping.Header{authorization("Bearer " + good)}, verified, Allowed},
		{"not verified", []mapping.Header{authorization("Bearer " + good)}, nil, Unauthenticated},
		{"the claims of another token", []mapping.Header{authorization("Bearer " + good)}, other, Unauthenticated},
		{"under the key of another provider", []mapping.Header{authorization("Bearer " + good)}, map[string]any{"x": i.claims(nil)}, Unauthenticated},
		{"without Authorization", nil, verified, Unauthenticated},
		{"with Basic", []mapping.Header{password("alice", "alice-secret")}, verified, Unauthenticated},
		{"repeated Authorization", []mapping.Header{authorization("Bearer " + good), authorization("Bearer " + good)}, verified, Unauthenticated},
		{"joined Authorization", []mapping.Header{authorization("Basic x,Bearer " + good)}, verified, Unauthenticated},
		{"another scheme", []mapping.Header{authorization("FooBearer " + good)}, verified, Unauthenticated},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := by("envoy", "GET", pullTarget, c.headers...)
			r.Metadata = c.metadata
			if got := checker.Check(context.Background(), r); got.Decision != c.want {
				t.Errorf("%s as %q (%s)", got.Decision, got.Principal, got.Reason)
			}
		})
	}
}

// TestKeysThatCannotBeFetched checks that a token gets 503 if the issuer's keys cannot be fetched,
// and that the client does not learn their URL.
func TestKeysThatCannotBeFetched(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	i := newIssuer("https://ci.example.com")
	checker := newCheckerOf(t, map[string]string{
		"registries.yaml": "registries:\n- {name: a, hosts: [a.example.com], account: \"123456789012\", region: eu-central-1}\n",
		"principals.yaml": "issuers:\n- {name: ci, issuer: \"https://ci.example.com\", jwks: \"" + server.URL + "/keys\"}\n",
	})
	r := checker.Check(context.Background(), by("a", "GET", pullTarget, authorization("Bearer "+i.token(t, nil))))
	checkResult(t, r, Unavailable503, 503, "UNAVAILABLE", "the credential cannot be checked")
	if !strings.Contains(r.Reason, server.URL) || strings.Contains(string(r.Answer.Body), "127.0.0.1") || header(r, "retry-after") == "" {
		t.Errorf("the log has %q, the client %s", r.Reason, r.Answer.Body)
	}
}

func BenchmarkCheckToken(b *testing.B) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(b, i)
	r := by("a", "GET", pullTarget, authorization("Bearer "+i.token(b, nil)))
	b.ReportAllocs()
	for b.Loop() {
		if checker.Check(context.Background(), r).Decision != Allowed {
			b.Fatal("denied")
		}
	}
}

// TestTrustPolicyConditions checks a trust policy about condition keys of the request.
func TestTrustPolicyConditions(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	login := password("123456789012/deploy/prod", i.token(t, map[string]any{"sub": "repo:acme/deploy"}))
	for peer, want := range map[string]Outcome{"192.0.2.1": Allowed, "198.51.100.7": Unauthenticated} {
		r := by("a", "GET", pullTarget, login)
		r.Peer = peer
		if got := checker.Check(context.Background(), r); got.Decision != want {
			t.Errorf("from %s: %s (%s)", peer, got.Decision, got.Reason)
		}
	}
}

// TestResultContainsNoToken checks that a result contains no part of a credential, valid or not.
// Only the reason, which clients do not receive, may contain claims of a verified token.
func TestResultContainsNoToken(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	for _, changes := range []map[string]any{nil, {"exp": 1}, {"aud": "x"}, {"iss": "https://evil.example.com"}, {"sub": "s3cret-sub"}, {"iss": 7}} {
		token := i.token(t, changes)
		parts := slices.Concat(strings.Split(token, "."), []string{"s3cret", base64.StdEncoding.EncodeToString([]byte("AWS:" + token))[8:]})
		for _, header := range []mapping.Header{
			authorization("Bearer " + token), password("AWS", token), password("123456789012/ci", token), authorization("Bearer " + token[:len(token)-3]),
			authorization("Bearer " + token + "." + token), password("alice", token), authorization("Token " + token),
		} {
			for _, registry := range []string{"a", "b", "envoy", "proxied"} {
				r := by(registry, "GET", pullTarget, header)
				r.Metadata = map[string]any{"ci": i.claims(changes)}
				result := checker.Check(context.Background(), r)
				text := fmt.Sprintf("%+v %s", *result, result.Answer.Body)
				if result.KeyID != "" {
					text = strings.ReplaceAll(text, `sub "s3cret-sub"`, "")
				}
				for _, part := range parts {
					if strings.Contains(text, part) || bytes.Contains(result.Answer.Body, []byte(part)) {
						t.Errorf("%s, %v: the result contains %s", registry, changes, part)
					}
				}
			}
		}
	}
}

// TestTokensWithoutPrincipal checks that the log has the reason why a valid token maps to no
// principal, and that the client learns neither policies nor roles.
func TestTokensWithoutPrincipal(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	for _, c := range []struct {
		name, user, logged string
		changes            map[string]any
	}{
		{"claims that do not match", "AWS", `the issuer requires [{sub: repo:acme/{repo}}], and the token has sub "repo:evil/app"`, map[string]any{"sub": "repo:evil/app"}},
		{"a missing claim", "AWS", "and the token has no sub", map[string]any{"sub": nil}},
		{"a condition that is not met", "123456789012/deploy/prod", `trust/prod.json:1:38 requires StringEquals of ci.example.com:sub, and the request has "repo:acme/app"`, nil},
		{"a key that is missing", "123456789012/deploy/prod", `trust/prod.json:1:38 requires IpAddress of aws:SourceIp, and the request has "203.0.113.9"`, map[string]any{"sub": "repo:acme/deploy"}},
		{"no trust policy", "123456789012/closed", "the role has no trust policy", nil},
		{"no role", "123456789012/none", "the role is not among the principals", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := by("a", "GET", pullTarget, password(c.user, i.token(t, c.changes)))
			r.Peer = "203.0.113.9"
			got := checker.Check(context.Background(), r)
			if got.Decision != Unauthenticated || got.Issuer != "ci" || got.KeyID != "k1" || !strings.Contains(got.Reason, c.logged) {
				t.Errorf("%s by issuer %q, key %q: %s; want %q", got.Decision, got.Issuer, got.KeyID, got.Reason, c.logged)
			}
			visible := "the token's claims are not those that tokens of issuer \\\"ci\\\" must have\""
			if c.user != "AWS" {
				visible = "the token of issuer \\\"ci\\\" is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::" + strings.Replace(c.user, "/", ":role/", 1) + "\""
			}
			if body := string(got.Answer.Body); !strings.Contains(body, visible) {
				t.Errorf("the client receives %s, want %s", body, visible)
			}
		})
	}
}

// issuer is an OpenID Connect issuer for tests.
type issuer struct {
	url string
	*oidctest.Signer
}

func newIssuer(url string) *issuer { return &issuer{url, oidctest.NewSigner(url)} }

// claims returns the claims of a token for registry a that is valid at the time of the requests,
// with changes. The value nil removes a claim.
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

// token returns a token with those claims.
func (i *issuer) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	return i.Token(t, i.claims(changes))
}
