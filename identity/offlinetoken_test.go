package identity

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

// TestCallerOfTokenIsWhomASignedTokenProves holds that CallerOfToken finds whom Identify finds
// by a signed token of the same claims, or fails for the same reason.
func TestCallerOfTokenIsWhomASignedTokenProves(t *testing.T) {
	table := tokens(t).build(t)
	gitlab, bound := signerAt(gitlabURL), signerAt("https://bound.example.com")
	for _, c := range []struct {
		name    string
		issuer  string
		signer  *signer
		user    string
		changes claims
		found   bool
	}{
		{"Bearer", "gitlab", gitlab, "", nil, true},
		{"user AWS", "gitlab", gitlab, "AWS", nil, true},
		{"a role", "gitlab", gitlab, "123456789012/deploy", nil, true},
		{"a role that is not there", "gitlab", gitlab, "123456789012/ci", nil, false},
		{"a role without trust policy", "gitlab", gitlab, "123456789012/untrusting", nil, false},
		{"a role of nothing", "gitlab", gitlab, "x/y", nil, false},
		{"bound", "bound", bound, "", claims{"sub": "alice"}, true},
		{"bound to nobody", "bound", bound, "", claims{"sub": "nobody"}, false},
		{"a list in place of the subject", "bound", bound, "", claims{"sub": []any{"alice"}}, false},
		{"several audiences", "gitlab", gitlab, "", claims{"aud": []any{"other", registryAudience}, "groups": []any{"a", "b"}}, true},
		{"a list that a trust policy cannot compare", "gitlab", gitlab, "", claims{"groups": []any{"a", 7.0}}, false},
		{"another audience", "gitlab", gitlab, "", claims{"aud": "sts.amazonaws.com"}, false},
		{"another issuer's iss", "gitlab", gitlab, "", claims{"iss": "https://other.example.com"}, false},
		{"expired", "gitlab", gitlab, "", claims{"exp": float64(now.Unix() - 3600)}, false},
		{"yet to come", "gitlab", gitlab, "", claims{"iat": float64(now.Unix() + 3600)}, false},
		{"tags", "gitlab", gitlab, "", claims{"https://aws.amazon.com/tags": claims{"principal_tags": claims{"team": []any{"a"}}}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := c.signer.claims(c.changes)
			token, e := c.signer.token(t, c.changes), &Credentials{Time: now}
			e.Authorization = bearer(token)
			if c.user != "" {
				e.Authorization = basicHeader(c.user, token)
			}
			want, wantFailure := table.Authenticate(context.Background(), rules(), e)
			got, failure := table.CallerOfToken(rules(), &UnsignedToken{Issuer: c.issuer, Claims: all, User: c.user}, &Credentials{Time: now})
			if (got != nil) != c.found || (want != nil) != (got != nil) {
				t.Fatalf("found %+v, %v; a signed token finds %+v, %v", got, failure, want, wantFailure)
			}
			if got == nil {
				if c.name != "another issuer's iss" && failure.Reason != wantFailure.Reason {
					t.Errorf("reason %q, want %q", failure.Reason, wantFailure.Reason)
				}
				return
			}
			got.KeyID, got.Source, want.Source = "k1", "", ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("found %+v, want %+v", got, want)
			}
		})
	}
}

func TestCallerOfTokenFillsIn(t *testing.T) {
	table := tokens(t).build(t)
	for _, c := range []struct {
		name   string
		shown  UnsignedToken
		rules  *Config
		arn    string
		source string
		reason string
	}{
		{"iss, aud, iat and exp", UnsignedToken{Issuer: "gitlab"}, rules(), session + "ci/gitlab", "jwt_authn", ""},
		{"where jwt_authn is not asked", UnsignedToken{Issuer: "gitlab"}, &Config{Audiences: []string{registryAudience}, Sources: []Source{Bearer}}, session + "ci/gitlab", "bearer", ""},
		{"the password of Basic", UnsignedToken{Issuer: "gitlab", User: "AWS"}, rules(), session + "ci/gitlab", "basic", ""},
		{"Envoy's issuer", UnsignedToken{Issuer: "envoys"}, rules(), session + "deploy/envoys", "jwt_authn", ""},
		{"Envoy's issuer, as password", UnsignedToken{Issuer: "envoys", User: "AWS"}, rules(), "", "basic", "verified by Envoy's jwt_authn only"},
		{"Envoy's issuer, where Envoy is not asked", UnsignedToken{Issuer: "envoys"}, &Config{Sources: []Source{Bearer}}, "", "bearer", "verified by Envoy's jwt_authn only"},
		{"a source that is not asked", UnsignedToken{Issuer: "gitlab"}, &Config{Sources: []Source{BasicAuth}}, "", "bearer", "does not take bearer"},
		{"no audience to make it for", UnsignedToken{Issuer: "gitlab"}, &Config{}, "", "jwt_authn", "audience"},
		{"an issuer that is not there", UnsignedToken{Issuer: "github"}, rules(), "", "none", `no issuer "github"`},
		{"no JSON", UnsignedToken{Issuer: "gitlab", Claims: claims{"sub": make(chan int)}}, rules(), "", "jwt_authn", "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := table.CallerOfToken(c.rules, &c.shown, &Credentials{Time: now})
			if c.reason != "" {
				if f == nil || f.Source != c.source || !strings.Contains(f.Reason, c.reason) {
					t.Errorf("caller %+v, failure %+v; want %s: %s", caller, f, c.source, c.reason)
				}
				return
			}
			if f != nil || caller.Principal.ARN != c.arn || caller.Source != c.source || caller.Issuer != c.shown.Issuer {
				t.Fatalf("caller %+v, failure %v; want %s by %s", caller, f, c.arn, c.source)
			}
			if begin, _ := caller.Context.Lookup("aws:TokenIssueTime"); begin.Value != "2026-03-01T12:00:00Z" {
				t.Errorf("the session begins at %q", begin.Value)
			}
		})
	}
}
