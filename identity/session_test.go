package identity

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/session"
	"extauthz/identity/session/sessiontest"
	"extauthz/identity/sts"
)

const sessionIssuer = "https://registry.example.com"

// signedIn is the configuration of a registry that accepts session tokens.
func signedIn() *Config {
	c := config()
	c.Registry = "main"
	return c
}

// sessionPolicy is the session policy of some callers.
var sessionPolicy = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"}}`

// gitlabTrust allows every token of the issuer.
const gitlabTrust = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "` + gitlabProvider + `"}}}`

// withSessions returns an authenticator of some callers of each kind, which accepts sessions
// signed with the keys.
func withSessions(t testing.TB, keys *sessiontest.Keys, change func(*principals)) (*Authenticator, map[string]Credentials) {
	t.Helper()
	gitlab := signerAt(gitlabURL)
	policy := iamtest.Policy(t, iam.SessionPolicy, sessionPolicy)
	w := principals{
		entities: []sts.Entity{
			{ARN: aliceARN, ID: "AIDAALICE", Tags: []sts.Tag{{Key: "team", Value: "blue"}}},
			{ARN: role + "team/ci", ID: "AROACI", Tags: []sts.Tag{{Key: "team", Value: "red"}, {Key: "own", Value: "x"}}, MaxSessionDuration: 2 * time.Hour},
			{ARN: role + "gitlab", ID: "AROAGITLAB", Trust: iamtest.Policy(t, iam.TrustPolicy, gitlabTrust)},
		},
		issuers: []Issuer{{Name: "gitlab", Verifier: gitlab.verifier(t), Role: role + "gitlab"}},
		bindings: []Binding{
			{Kind: BasicUser, Name: "alice", Principal: aliceARN},
			{Kind: BasicUser, Name: "bob", Principal: assumedRole + "ci/bob", Tags: map[string]string{"team": "green", "job": "7"}, SourceIdentity: "bob@example.com", SessionPolicies: []*iam.Policy{policy}},
			{Kind: URI, Name: "spiffe://fed", Principal: "arn:aws:sts::123456789012:federated-user/fay", FederatedBy: aliceARN, SessionPolicies: []*iam.Policy{policy}},
			{Kind: URI, Name: "spiffe://root", Principal: "arn:aws:iam::123456789012:root"},
			{Kind: URI, Name: "spiffe://service", Principal: "codebuild.amazonaws.com"},
		},
	}
	if change != nil {
		change(&w)
	}
	auth := w.build(t)
	for _, b := range w.bindings {
		for _, p := range b.SessionPolicies {
			auth.NameSessionPolicy("123456789012:pull", p)
		}
	}
	auth.AcceptSessions(Sessions{Service: &session.Service{Issuer: sessionIssuer, Keys: keys.Keys}, MaxDuration: session.MaxDuration})
	return auth, map[string]Credentials{
		"a user":           {Authorization: basicHeader("alice", "alice-secret")},
		"a role session":   {Authorization: basicHeader("bob", "bob-secret")},
		"a token's role":   {Authorization: bearer(gitlab.token(t, nil))},
		"a federated user": {Principal: "spiffe://fed", Certificate: certificateOf(t, "spiffe://fed")},
		"the root user":    {Principal: "spiffe://root", Certificate: certificateOf(t, "spiffe://root")},
		"a service":        {Principal: "spiffe://service", Certificate: certificateOf(t, "spiffe://service")},
	}
}

func certificateOf(t testing.TB, uri string) []byte {
	t.Helper()
	text, err := newCertificate(name{URI, uri})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

// signIn returns the session token of a caller, and the session.
func signIn(t testing.TB, auth *Authenticator, caller *Caller) (string, *session.Session) {
	t.Helper()
	s, err := auth.NewSession(caller, "main", now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := auth.sessions.Service.Sign(session.Access, s, now)
	if err != nil {
		t.Fatal(err)
	}
	return token, s
}

// TestSessionTokenIsItsCaller checks that the caller of a session token is the caller who signed
// in, with the time at which the session began, and how long each session lasts.
func TestSessionTokenIsItsCaller(t *testing.T) {
	auth, credentials := withSessions(t, sessiontest.New(t), nil)
	for _, c := range []struct {
		name, issued string
		lasts        time.Duration
	}{
		{"a user", "2026-03-01T12:00:00Z", 12 * time.Hour},
		{"a role session", "2026-03-01T12:00:00Z", 2 * time.Hour},
		{"a token's role", "2026-03-01T11:59:00Z", time.Hour}, // the token's iat
		{"a federated user", "2026-03-01T12:00:00Z", 12 * time.Hour},
		{"the root user", "2026-03-01T12:00:00Z", time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, f := authenticate(t, auth, signedIn(), credentials[c.name])
			if f != nil {
				t.Fatal(f)
			}
			token, s := signIn(t, auth, want)
			if got := s.Expires.Sub(now); got != c.lasts {
				t.Errorf("the session lasts %v, want %v", got, c.lasts)
			}
			for _, header := range [][]string{bearer(token), basicHeader("AWS", token)} {
				got, f := authenticate(t, auth, signedIn(), Credentials{Authorization: header})
				if f != nil {
					t.Fatal(f)
				}
				if !reflect.DeepEqual(got.Principal, want.Principal) || !slices.Equal(got.SessionPolicies, want.SessionPolicies) {
					t.Errorf("principal %+v, policies %v; want %+v, %v", got.Principal, got.SessionPolicies, want.Principal, want.SessionPolicies)
				}
				if gotKeys, wantKeys := keysOf(got, ""), keysOf(want, c.issued); !reflect.DeepEqual(gotKeys, wantKeys) {
					t.Errorf("condition keys %v, want %v", gotKeys, wantKeys)
				}
				if got.Source != "session" || got.Issuer != sessionIssuer || got.KeyID == "" || got.Session == nil {
					t.Errorf("source %q, issuer %q, key %q, session %v", got.Source, got.Issuer, got.KeyID, got.Session)
				}
			}
		})
	}
}

// keysOf returns the condition keys of a caller. If issued is not empty, they are those with
// temporary credentials that were issued then.
func keysOf(c *Caller, issued string) map[string]string {
	keys := map[string]string{}
	for _, entry := range c.Context {
		if _, twice := keys[entry.Key]; !twice {
			keys[entry.Key] = entry.Value
		}
	}
	if issued != "" {
		keys["aws:TokenIssueTime"] = issued
		keys["aws:MultiFactorAuthPresent"] = cmp.Or(keys["aws:MultiFactorAuthPresent"], "false")
	}
	return keys
}

// TestSessionTokenIsNotExchanged checks that a session cannot renew itself.
func TestSessionTokenIsNotExchanged(t *testing.T) {
	auth, credentials := withSessions(t, sessiontest.New(t), nil)
	caller, _ := authenticate(t, auth, signedIn(), credentials["a user"])
	token, _ := signIn(t, auth, caller)
	again, f := authenticate(t, auth, signedIn(), Credentials{Authorization: bearer(token)})
	if f != nil {
		t.Fatal(f)
	}
	if s, err := auth.NewSession(again, "main", now); err == nil || !strings.Contains(err.Error(), "cannot be exchanged") {
		t.Errorf("session %+v, error %v", s, err)
	}
}

func TestNewSessionRefuses(t *testing.T) {
	auth, credentials := withSessions(t, sessiontest.New(t), nil)
	service, f := authenticate(t, auth, signedIn(), credentials["a service"])
	if f != nil {
		t.Fatal(f)
	}
	if _, err := auth.NewSession(service, "main", now); err == nil || !strings.Contains(err.Error(), "service") {
		t.Errorf("a service: error %v", err)
	}
	limited, _ := authenticate(t, auth, signedIn(), credentials["a role session"])
	nameless := *limited
	nameless.SessionPolicies = []*iam.Policy{iamtest.Policy(t, iam.SessionPolicy, sessionPolicy)}
	if _, err := auth.NewSession(&nameless, "main", now); err == nil || !strings.Contains(err.Error(), "has no name") {
		t.Errorf("a session policy without a name: error %v", err)
	}
	without, _ := principals{}.try(t)
	if _, err := without.NewSession(limited, "main", now); err == nil || !strings.Contains(err.Error(), "not configured") {
		t.Errorf("no sessions: error %v", err)
	}
}

// TestSessionTokenRefused checks what makes a session token invalid after it was signed, and
// where it is not accepted.
func TestSessionTokenRefused(t *testing.T) {
	keys := sessiontest.New(t)
	auth, credentials := withSessions(t, keys, nil)
	caller, _ := authenticate(t, auth, signedIn(), credentials["a role session"])
	token, s := signIn(t, auth, caller)
	refresh, err := auth.sessions.Service.Sign(session.Refresh, s, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*principals)
		config func(*Config)
		header []string
		at     time.Time
		want   string
	}{
		{name: "unchanged", header: bearer(token)},
		{name: "the role has another id", change: func(w *principals) { w.entities[1].ID = "AROANEW" }, want: "no longer exists"},
		{name: "the role has another path", change: func(w *principals) { w.entities[1].ARN = role + "admin/ci" }, want: "no longer exists"},
		{name: "the role does not exist", change: func(w *principals) {
			w.entities, w.bindings = w.entities[:1], slices.Delete(w.bindings, 1, 2)
			w.issuers = nil
		}, want: "no principal is bound to this credential"},
		{name: "the session policy is gone", change: func(w *principals) { w.bindings[1].SessionPolicies = nil; w.bindings[2].SessionPolicies = nil }, want: "a session policy of the session no longer exists"},
		{name: "the credential is gone", change: func(w *principals) { w.bindings = append(w.bindings[:1:1], w.bindings[2:]...) }},
		{name: "another registry", config: func(c *Config) { c.Registry = "other" }, want: "for another registry"},
		{name: "a registry without this source", config: func(c *Config) { c.Sources = []Source{Bearer, BasicAuth} }, want: "is of issuer"},
		{name: "a refresh token", header: bearer(refresh), want: "only accepted by the token endpoint"},
		{name: "a refresh token as password", header: basicHeader("AWS", refresh), want: "only accepted by the token endpoint"},
		{name: "the password of another user", header: basicHeader("alice", token), want: "password of the user AWS only"},
		{name: "with a role", header: basicHeader("123456789012/gitlab", token), want: "password of the user AWS only"},
		{name: "after its end", at: now.Add(2*time.Hour + time.Minute), want: "expired"},
		{name: "before its end", at: now.Add(2 * time.Hour)},
		{name: "before it began", at: now.Add(-time.Hour), want: "in the future"},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth, _ := withSessions(t, keys, c.change)
			config := signedIn()
			if c.config != nil {
				c.config(config)
			}
			if c.header == nil {
				c.header = bearer(token)
			}
			if c.at.IsZero() {
				c.at = now
			}
			caller, f := auth.Authenticate(t.Context(), config, &Credentials{Authorization: c.header, Time: c.at})
			if (f == nil) != (c.want == "") || f != nil && !strings.Contains(f.Reason, c.want) {
				t.Fatalf("caller %+v, failure %v, want %q", caller, f, c.want)
			}
			if f != nil {
				checkSecrets(t, f, &Credentials{Authorization: c.header})
			}
		})
	}
}

// TestSessionTokenEndsWithItsKey checks that a caller in the cache is not one of a removed key
// or of an expired token.
func TestSessionTokenEndsWithItsKey(t *testing.T) {
	keys := sessiontest.New(t)
	auth, credentials := withSessions(t, keys, nil)
	caller, _ := authenticate(t, auth, signedIn(), credentials["a user"])
	token, _ := signIn(t, auth, caller)
	registry := signedIn()
	at := func(now time.Time) bool {
		_, f := auth.Authenticate(t.Context(), registry, &Credentials{Authorization: bearer(token), Time: now})
		return f == nil
	}
	if !at(now) || !at(now.Add(12*time.Hour)) || at(now.Add(12*time.Hour+time.Minute)) || !at(now) {
		t.Error("the token is not valid until its end")
	}
	keys.Add(t)
	if !at(now) {
		t.Error("a new key ends the session")
	}
	keys.RemoveFirst(t)
	if at(now) {
		t.Error("the token is valid without its key")
	}
}

// TestAnonymousSession checks that a token without a caller is one only where anonymous callers
// are accepted.
func TestAnonymousSession(t *testing.T) {
	auth, _ := withSessions(t, sessiontest.New(t), nil)
	open := signedIn()
	open.Anonymous = true
	caller, f := authenticate(t, auth, open, Credentials{})
	if f != nil {
		t.Fatal(f)
	}
	token, _ := signIn(t, auth, caller)
	if caller, f := authenticate(t, auth, open, Credentials{Authorization: bearer(token)}); f != nil || caller.Principal.Kind != iam.Anonymous {
		t.Errorf("caller %+v, failure %v", caller, f)
	}
	if caller, f := authenticate(t, auth, signedIn(), Credentials{Authorization: bearer(token)}); f == nil {
		t.Errorf("caller %+v at a registry without anonymous callers", caller)
	}
}
