package identity

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// authenticateOffline returns the caller of a credential, or the failure if the
// registry refuses it, or any other error.
func authenticateOffline(auth *Authenticator, config *Config, c OfflineCredential) (*Caller, *Failure, error) {
	caller, err := auth.AuthenticateOffline(config, &c, &Credentials{Time: now})
	if failure := new(Failure); errors.As(err, &failure) {
		return caller, failure, nil
	}
	return caller, nil, err
}

// TestOfflineTokens checks that AuthenticateOffline returns the caller that Authenticate
// returns for a signed token of the same claims, or fails for the same reason.
func TestOfflineTokens(t *testing.T) {
	auth := tokens(t).build(t)
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
		{"a role that does not exist", "gitlab", gitlab, "123456789012/ci", nil, false},
		{"a role without a trust policy", "gitlab", gitlab, "123456789012/untrusting", nil, false},
		{"a user name that is not a role", "gitlab", gitlab, "x/y", nil, false},
		{"bound", "bound", bound, "", claims{"sub": "alice"}, true},
		{"not bound", "bound", bound, "", claims{"sub": "unknown"}, false},
		{"a list as the subject", "bound", bound, "", claims{"sub": []any{"alice"}}, false},
		{"several audiences", "gitlab", gitlab, "", claims{"aud": []any{"other", registryAudience}, "groups": []any{"a", "b"}}, true},
		{"a list that a trust policy cannot compare", "gitlab", gitlab, "", claims{"groups": []any{"a", 7.0}}, false},
		{"another audience", "gitlab", gitlab, "", claims{"aud": "sts.amazonaws.com"}, false},
		{"another issuer's iss", "gitlab", gitlab, "", claims{"iss": "https://other.example.com"}, false},
		{"expired", "gitlab", gitlab, "", claims{"exp": float64(now.Unix() - 3600)}, false},
		{"issued in the future", "gitlab", gitlab, "", claims{"iat": float64(now.Unix() + 3600)}, false},
		{"tags", "gitlab", gitlab, "", claims{"https://aws.amazon.com/tags": claims{"principal_tags": claims{"team": []any{"a"}}}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, credentials := c.signer.token(t, c.changes), &Credentials{Time: now}
			credentials.Authorization = bearer(token)
			if c.user != "" {
				credentials.Authorization = basicHeader(c.user, token)
			}
			want, wantFailure := auth.Authenticate(context.Background(), config(), credentials)
			got, failure, err := authenticateOffline(auth, config(), OfflineCredential{Kind: TokenClaims, Name: c.issuer, Claims: c.signer.claims(c.changes), User: c.user})
			if err != nil || (got != nil) != c.found || (want != nil) != (got != nil) {
				t.Fatalf("caller %+v, %v, %v; a signed token has %+v, %v", got, failure, err, want, wantFailure)
			}
			if got == nil {
				if c.name != "another issuer's iss" && failure.Reason != wantFailure.Reason {
					t.Errorf("reason %q, want %q", failure.Reason, wantFailure.Reason)
				}
				return
			}
			got.KeyID, got.Source, want.Source = "k1", "", ""
			if !reflect.DeepEqual(got, want) {
				t.Errorf("caller %+v, want %+v", got, want)
			}
		})
	}
}

func TestOfflineTokenDefaults(t *testing.T) {
	auth := tokens(t).build(t)
	for _, c := range []struct {
		name       string
		credential OfflineCredential
		config     *Config
		arn        string
		source     string
		reason     string
	}{
		{"iss, aud, iat and exp", OfflineCredential{Name: "gitlab"}, config(), assumedRole + "ci/gitlab", "jwt_authn", ""},
		{"a registry without jwt_authn", OfflineCredential{Name: "gitlab"}, &Config{Audiences: []string{registryAudience}, Sources: []Source{Bearer}}, assumedRole + "ci/gitlab", "bearer", ""},
		{"the password of Basic", OfflineCredential{Name: "gitlab", User: "AWS"}, config(), assumedRole + "ci/gitlab", "basic", ""},
		{"an issuer that Envoy verifies", OfflineCredential{Name: "envoys"}, config(), assumedRole + "deploy/envoys", "jwt_authn", ""},
		{"an issuer that Envoy verifies, as password", OfflineCredential{Name: "envoys", User: "AWS"}, config(), "", "basic", "verified by Envoy's jwt_authn only"},
		{"an issuer that Envoy verifies, without jwt_authn", OfflineCredential{Name: "envoys"}, &Config{Sources: []Source{Bearer}}, "", "bearer", "verified by Envoy's jwt_authn only"},
		{"a source that the registry does not accept", OfflineCredential{Name: "gitlab"}, &Config{Sources: []Source{BasicAuth}}, "", "bearer", "does not accept bearer"},
		{"no audience", OfflineCredential{Name: "gitlab"}, &Config{}, "", "jwt_authn", "audience"},
		{"not JSON", OfflineCredential{Name: "gitlab", Claims: claims{"sub": make(chan int)}}, config(), "", "jwt_authn", "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.credential.Kind = TokenClaims
			caller, f, err := authenticateOffline(auth, c.config, c.credential)
			if err != nil {
				t.Fatal(err)
			}
			if c.reason != "" {
				if f == nil || f.Source != c.source || !strings.Contains(f.Reason, c.reason) {
					t.Errorf("caller %+v, failure %+v; want %s: %s", caller, f, c.source, c.reason)
				}
				return
			}
			if f != nil || caller.Principal.ARN != c.arn || caller.Source != c.source || caller.Issuer != c.credential.Name {
				t.Fatalf("caller %+v, failure %v; want %s by %s", caller, f, c.arn, c.source)
			}
			if begin, _ := contextOf(caller).Lookup("aws:TokenIssueTime"); begin.Value != "2026-03-01T12:00:00Z" {
				t.Errorf("the session begins at %q", begin.Value)
			}
		})
	}
}

// TestOfflineNames checks the credentials that consist of a name.
func TestOfflineNames(t *testing.T) {
	auth := everySource(t)
	const bobARN = "arn:aws:iam::123456789012:user/dev/bob"
	withHeader := &Config{Header: "x-user", Sources: []Source{TrustedHeader, BasicAuth}}
	for _, c := range []struct {
		name       string
		credential OfflineCredential
		config     *Config
		want       want
		err        string
	}{
		{"user", OfflineCredential{Kind: BasicUser, Name: "alice"}, config(), want{arn: aliceARN}, ""},
		{"user who is not bound", OfflineCredential{Kind: BasicUser, Name: "bob"}, config(), want{reason: "no principal is bound"}, ""},
		{"user who does not exist", OfflineCredential{Kind: BasicUser, Name: "carol"}, config(), want{reason: "no line in htpasswd"}, ""},
		{"empty user", OfflineCredential{Kind: BasicUser}, config(), want{reason: "no line in htpasswd"}, ""},
		{"user of a registry without basic", OfflineCredential{Kind: BasicUser, Name: "alice"}, &Config{Sources: []Source{MTLS}}, want{reason: "does not accept basic"}, ""},
		{"certificate", OfflineCredential{Kind: URI, Name: "spiffe://example.com/ci"}, config(), want{arn: ciARN}, ""},
		{"certificate that is not bound", OfflineCredential{Kind: DNS, Name: "spiffe://example.com/ci"}, config(), want{reason: "no principal is bound to dns"}, ""},
		{"certificate with a subject", OfflineCredential{Kind: Subject, Name: "CN=ci"}, config(), want{reason: `no principal is bound to subject "CN=ci"`}, ""},
		{"certificate for a registry without mtls", OfflineCredential{Kind: URI, Name: "spiffe://example.com/ci"}, withHeader, want{kind: Anonymous, reason: "no credential"}, ""},
		{"header", OfflineCredential{Kind: HeaderValue, Name: "bob@example.com"}, withHeader, want{arn: bobARN}, ""},
		{"header with two values", OfflineCredential{Kind: HeaderValue, Name: "bob@example.com,alice"}, withHeader, want{reason: "comma"}, ""},
		{"header of a registry without one", OfflineCredential{Kind: HeaderValue, Name: "bob@example.com"}, config(), want{}, "no header of a trusted proxy"},
		{"issuer that does not exist", OfflineCredential{Kind: TokenClaims, Name: "github"}, config(), want{}, `issuer "github" does not exist`},
		{"kind that does not exist", OfflineCredential{Kind: "cookie", Name: "a"}, config(), want{}, `"cookie" is not a kind`},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f, err := authenticateOffline(auth, c.config, c.credential)
			if c.err != "" {
				if err == nil || caller != nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("caller %v, error %v, want %q", caller, err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.want.check(t, caller, f)
		})
	}
}

func TestOfflineUserSession(t *testing.T) {
	auth := bindable(t, Binding{Kind: BasicUser, Name: "alice", Principal: ciARN}).build(t)
	caller, err := auth.AuthenticateOffline(config(), &OfflineCredential{Kind: BasicUser, Name: "alice"}, &Credentials{Time: time.Unix(1e9, 0)})
	if err != nil || caller.Principal.RoleARN != ci.RoleARN || caller.Source != "basic" {
		t.Fatalf("caller %+v, %v", caller, err)
	}
	if issued, _ := caller.AppendContext(nil, "2001-09-09T01:46:40Z").Lookup("aws:TokenIssueTime"); issued.Value != "2001-09-09T01:46:40Z" {
		t.Errorf("the session begins at %q", issued.Value)
	}
}
