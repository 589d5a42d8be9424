package identity

import (
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/oidc/oidctest"
	"extauthz/identity/sts"
)

const (
	registryAudience = "registry.example.com"
	gitlabURL        = "https://gitlab.example.com"
	gitlabProvider   = "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com"
	role             = "arn:aws:iam::123456789012:role/"
	assumedRole      = "arn:aws:sts::123456789012:assumed-role/"
)

// now is the time of every request.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// config returns the configuration of a registry with the default sources.
func config() *Config { return &Config{Audiences: []string{registryAudience}, Partition: "aws"} }

// trustFile returns a trust policy of testdata.
func trustFile(t testing.TB, name string) *iam.Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "trust", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return iamtest.Policy(t, iam.TrustPolicy, string(text))
}

// A signer is an issuer with one key.
type signer struct {
	url string
	*oidctest.Signer
}

// signerAt returns the issuer at a URL. Its key is derived from the URL.
func signerAt(url string) *signer { return &signer{url, oidctest.NewSigner(url)} }

// verifier returns the verifier of the issuer's tokens.
func (s *signer) verifier(t testing.TB) *oidc.Verifier {
	t.Helper()
	keys, err := oidc.ParseKeySet("jwks/test.json", []byte(s.JWKS()))
	if err != nil {
		t.Fatal(err)
	}
	return &oidc.Verifier{URL: s.url, Keys: keys}
}

// claims are changes to the claims that every token has; nil removes a claim.
type claims = map[string]any

// claims returns the claims of a token.
func (s *signer) claims(changes claims) claims {
	all := claims{
		"iss": s.url, "sub": "job", "aud": registryAudience,
		"iat": float64(now.Unix() - 60), "exp": float64(now.Unix() + 300),
	}
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// token returns a signed token.
func (s *signer) token(t testing.TB, changes claims) string {
	t.Helper()
	return s.Token(t, s.claims(changes))
}

func bearer(token string) []string { return []string{"Bearer " + token} }

// Lines of users whose passwords are alice-secret and bob-secret.
const (
	aliceLine = "alice:$2a$04$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy"
	bobLine   = "bob:$2a$04$1ZVT102x6Yy1sC4acscZbewLqr36/hN0TaoBh6H/zaSz9G6VbSMQG"
)

// principals are the contents of principals.yaml. The password file has alice and bob.
type principals struct {
	membership sts.Membership
	controls   *iam.OrganizationPolicies
	entities   []sts.Entity
	issuers    []Issuer
	bindings   []Binding
}

// build returns the authenticator of the files.
func (w principals) build(t testing.TB) *Authenticator {
	t.Helper()
	auth, err := w.try(t)
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

// try returns the authenticator, or the error that loading the policy directory would
// return.
func (w principals) try(t testing.TB) (*Authenticator, error) {
	t.Helper()
	users, err := basic.ParseFile("htpasswd", []byte(aliceLine+"\n"+bobLine))
	if err != nil {
		t.Fatal(err)
	}
	entities := sts.NewEntities(w.membership, w.controls)
	for _, entity := range w.entities {
		if err := entities.Add(entity); err != nil {
			return nil, err
		}
	}
	auth := NewAuthenticator(users, basic.NewVerifier(), entities)
	for _, issuer := range w.issuers {
		if err := auth.AddIssuer(issuer); err != nil {
			return nil, err
		}
	}
	for _, binding := range w.bindings {
		if err := auth.Bind(binding); err != nil {
			return nil, err
		}
	}
	return auth, nil
}

// authenticate authenticates a caller at the time of the tests, and checks that a
// failure contains no secret.
func authenticate(t testing.TB, auth *Authenticator, r *Config, e Credentials) (*Caller, *Failure) {
	t.Helper()
	if e.Time.IsZero() {
		e.Time = now
	}
	caller, f := auth.Authenticate(context.Background(), r, &e)
	if (caller == nil) == (f == nil) {
		t.Fatalf("caller %v and failure %v", caller, f)
	}
	if f != nil {
		checkSecrets(t, f, &e)
	}
	return caller, f
}

// checkSecrets checks that a failure contains no password and no part of a token.
func checkSecrets(t testing.TB, f *Failure, e *Credentials) {
	t.Helper()
	for _, header := range e.Authorization {
		_, credential, _ := strings.Cut(header, " ")
		secrets := strings.FieldsFunc(credential, func(r rune) bool { return r == '.' || r == ',' })
		if decoded, err := base64.StdEncoding.DecodeString(credential); err == nil {
			_, password, _ := strings.Cut(string(decoded), ":")
			secrets = append(secrets, strings.Split(password, ".")...)
		}
		for _, secret := range secrets {
			if len(secret) > 5 && strings.Contains(f.Error(), secret) {
				t.Errorf("the failure contains %q: %v", secret, f)
			}
		}
	}
}

// want is the expected result: the ARN of the caller, or else the kind of failure and a
// part of its text.
type want struct {
	arn    string
	kind   FailureKind
	reason string
}

func (w want) check(t testing.TB, caller *Caller, f *Failure) {
	t.Helper()
	switch {
	case w.arn != "" && (f != nil || caller.Principal.ARN != w.arn):
		t.Errorf("caller %v, failure %v; want %s", caller, f, w.arn)
	case w.arn == "" && (f == nil || f.Kind != w.kind || !strings.Contains(f.Error(), w.reason)):
		t.Errorf("caller %v, failure %v; want kind %d, %q", caller, f, w.kind, w.reason)
	}
}

// contextOf returns the condition keys of a caller at the time of the tests.
func contextOf(caller *Caller) iam.Context {
	return caller.AppendContext(nil, now.Format(time.RFC3339))
}

// encode returns the credential of HTTP Basic.
func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func basicHeader(user, password string) []string {
	return []string{"Basic " + encode(user+":"+password)}
}
