package identity

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/identity/accesskey"
	"extauthz/identity/session"
	"extauthz/identity/session/sessiontest"
	"extauthz/identity/sts"
)

// The access keys of alice, and one that is not bound.
const (
	aliceKey, aliceSecret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	spareKey, spareSecret = "AKIAI44QH7DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
)

var errSignature = errors.New("the signature is not that of the request")

// signedWith returns the signature of a request with a secret, which counts its checks.
func signedWith(id, secret, token string, checks *int) *Signature {
	return &Signature{AccessKeyID: id, SessionToken: token, Check: func(with string) error {
		*checks++
		if with != secret {
			return errSignature
		}
		return nil
	}}
}

func keyFile(t testing.TB, lines ...string) *accesskey.File {
	t.Helper()
	f, err := accesskey.ParseFile("access-keys", []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// withAccessKeys returns an authenticator of the callers of withSessions, with access keys.
func withAccessKeys(t testing.TB, keys *sessiontest.Keys, change func(*principals)) (*Authenticator, map[string]Credentials) {
	t.Helper()
	auth, credentials := withSessions(t, keys, change)
	auth.SetAccessKeys(keyFile(t, aliceKey+":"+aliceSecret, spareKey+":"+spareSecret))
	if err := auth.Bind(Binding{Kind: AccessKeyID, Name: aliceKey, Principal: aliceARN}); err != nil {
		t.Fatal(err)
	}
	return auth, credentials
}

// forSTS is the configuration of requests to AWS STS, which are for no registry.
func forSTS() *Config { return &Config{Sources: []Source{AccessKey}, Partition: "aws"} }

func TestAccessKey(t *testing.T) {
	auth, _ := withAccessKeys(t, sessiontest.New(t), nil)
	checks := 0
	caller, f := authenticate(t, auth, forSTS(), Credentials{Signature: signedWith(aliceKey, aliceSecret, "", &checks)})
	if f != nil {
		t.Fatal(f)
	}
	if caller.Principal.ARN != aliceARN || caller.Principal.Kind != iam.User || caller.Source != "accessKey" || caller.KeyID != aliceKey || caller.Temporary != nil || caller.Session != nil {
		t.Errorf("caller %+v", caller)
	}
	for _, key := range []string{"aws:TokenIssueTime", "aws:MultiFactorAuthPresent"} {
		if _, found := caller.Context.Lookup(key); found {
			t.Errorf("a long-term key has %s", key)
		}
	}
	s, err := auth.NewSession(caller, "main", now)
	if err != nil || !s.IssuedAt.Equal(now) || s.Expires.Sub(now) != session.MaxDuration {
		t.Errorf("session %+v, error %v", s, err)
	}
	if _, f := authenticate(t, auth, signedIn(), Credentials{Signature: signedWith(aliceKey, aliceSecret, "", &checks)}); f != nil {
		t.Errorf("accessKey is not a default source: %v", f)
	}
}

// TestAccessKeyRefused checks that a caller is found only after one check of the signature, and
// that each other case has one check too, so that its time shows nothing.
func TestAccessKeyRefused(t *testing.T) {
	keys := sessiontest.New(t)
	issuing, _ := withAccessKeys(t, keys, nil)
	temporary := credentialsOf(t, issuing, session.AssumeRole, &sts.CallerSpec{Principal: assumedRole + "ci/build"}, now.Add(time.Hour))
	id, secret, token := temporary.AccessKeyID, temporary.SecretAccessKey, temporary.SessionToken
	for _, c := range []struct {
		name              string
		id, secret, token string
		at                time.Time
		change            func(*principals)
		cause             error
		keyID, reason     string
	}{
		{name: "another secret", id: aliceKey, secret: spareSecret, cause: errSignature, keyID: aliceKey, reason: "signature"},
		{name: "an unknown key", id: "AKIAAAAAAAAAAAAAAAAA", secret: aliceSecret, cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "an unknown key with an empty secret", id: "AKIAAAAAAAAAAAAAAAAA", cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "no key", cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "a key that is not bound", id: spareKey, secret: spareSecret, cause: ErrUnknownAccessKey, keyID: spareKey, reason: "no principal is bound"},
		{name: "a long-term key with a token", id: aliceKey, secret: aliceSecret, token: token, cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "temporary credentials without their token", id: id, secret: secret, cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "temporary credentials with another secret", id: id, secret: aliceSecret, token: token, cause: errSignature, keyID: id, reason: "signature"},
		{name: "the token of other temporary credentials", id: "ASIAAAAAAAAAAAAAAAAA", secret: secret, token: token, cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "a token that was changed", id: id, secret: secret, token: token[:len(token)-4] + "AAAA", cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "no token", id: id, secret: secret, token: "x", cause: ErrUnknownAccessKey, reason: "does not exist"},
		{name: "expired", id: id, secret: secret, token: token, at: now.Add(2 * time.Hour), cause: ErrExpiredCredentials, reason: "expired"},
		{name: "a role that was created again", id: id, secret: secret, token: token, cause: ErrUnknownAccessKey, keyID: id, reason: "no longer exists",
			change: func(w *principals) { w.entities[1].ID = "AROANEW" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth, _ := withAccessKeys(t, keys, c.change)
			checks := 0
			if c.at.IsZero() {
				c.at = now
			}
			caller, f := auth.Authenticate(t.Context(), forSTS(), &Credentials{Signature: signedWith(c.id, c.secret, c.token, &checks), Time: c.at})
			if caller != nil || f == nil {
				t.Fatalf("caller %+v", caller)
			}
			if !errors.Is(f, c.cause) || f.KeyID != c.keyID || !strings.Contains(f.Reason, c.reason) || f.Kind != Invalid || f.Source != "accessKey" {
				t.Errorf("failure %+v, want %v", f, c.cause)
			}
			if checks != 1 {
				t.Errorf("%d checks of the signature, want 1", checks)
			}
			for _, secret := range []string{aliceSecret, spareSecret, secret, token} {
				if strings.Contains(f.Error(), secret) {
					t.Errorf("the failure has a secret: %v", f)
				}
			}
		})
	}
	without, _ := principals{}.try(t)
	checks := 0
	if _, f := without.Authenticate(t.Context(), forSTS(), &Credentials{Signature: signedWith(id, secret, token, &checks), Time: now}); f == nil || !errors.Is(f, ErrUnknownAccessKey) || checks != 1 {
		t.Errorf("without sessions: failure %v", f)
	}
	if _, f := issuing.Authenticate(t.Context(), &Config{Sources: []Source{Bearer}}, &Credentials{Signature: signedWith(aliceKey, aliceSecret, "", &checks), Time: now}); f == nil {
		t.Error("a registry without the source accepts it")
	}
}

// credentialsOf returns temporary credentials of the caller of a spec.
func credentialsOf(t testing.TB, auth *Authenticator, o session.Operation, spec *sts.CallerSpec, expires time.Time) *session.Credentials {
	t.Helper()
	caller, err := auth.entities.Caller(spec)
	if err != nil {
		t.Fatal(err)
	}
	c, err := auth.NewCredentials(o, &caller, expires, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTemporaryCredentialsAreTheirCaller checks that temporary credentials, and a token of a
// registry that was issued for them, have the caller for which they were issued, with all that
// limits it.
func TestTemporaryCredentialsAreTheirCaller(t *testing.T) {
	const inline = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}}`
	keys := sessiontest.New(t)
	issuing, _ := withAccessKeys(t, keys, nil)
	named := issuing.policies.find("123456789012:pull")
	begin := now.Add(-30 * time.Minute)
	for _, c := range []struct {
		name      string
		operation session.Operation
		spec      sts.CallerSpec
		policies  int
	}{
		{"a role session", session.AssumeRole, sts.CallerSpec{
			Principal: assumedRole + "ci/build", Tags: []sts.Tag{{Key: "job", Value: "7"}, {Key: "team", Value: "green"}}, TransitiveTagKeys: []string{"job"}, SourceIdentity: "bob@example.com",
			SessionPolicies: []*iam.Policy{named}, InlinePolicy: inline, IssuedAt: begin,
		}, 2},
		{"a session of a token", session.AssumeRoleWithWebIdentity, sts.CallerSpec{Principal: assumedRole + "gitlab/job", Provider: gitlabProvider, InlinePolicy: inline, IssuedAt: begin}, 1},
		{"a federated user", session.GetFederationToken, sts.CallerSpec{
			Principal: "arn:aws:sts::123456789012:federated-user/fay", FederatedBy: aliceARN, SessionPolicies: []*iam.Policy{named}, IssuedAt: begin,
		}, 1},
		{"a user", session.GetSessionToken, sts.CallerSpec{Principal: aliceARN, IssuedAt: begin}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			credentials := credentialsOf(t, issuing, c.operation, &c.spec, now.Add(20*time.Minute))
			replica, _ := withAccessKeys(t, keys, nil)
			c.spec.SessionPolicies = slices.Clone(c.spec.SessionPolicies)
			for i := range c.spec.SessionPolicies {
				c.spec.SessionPolicies[i] = replica.policies.find("123456789012:pull")
			}
			want, err := replica.entities.Caller(&c.spec)
			if err != nil {
				t.Fatal(err)
			}
			checks := 0
			caller, f := authenticate(t, replica, forSTS(), Credentials{Signature: signedWith(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken, &checks)})
			if f != nil {
				t.Fatal(f)
			}
			if caller.Temporary == nil || caller.Temporary.Operation != c.operation || caller.Session != nil || caller.KeyID != credentials.AccessKeyID || caller.Issuer != sessionIssuer {
				t.Errorf("caller %+v", caller)
			}
			s, err := replica.NewSession(caller, "main", now)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Expires.Equal(credentials.Session.Expires) || !s.IssuedAt.Equal(begin) {
				t.Errorf("the token of the registry is valid from %v to %v, want %v to %v", s.IssuedAt, s.Expires, begin, credentials.Session.Expires)
			}
			token, err := replica.SignSession(session.Access, s, now)
			if err != nil {
				t.Fatal(err)
			}
			atRegistry, f := authenticate(t, replica, signedIn(), Credentials{Authorization: bearer(token)})
			if f != nil {
				t.Fatal(f)
			}
			for where, got := range map[string]*Caller{"STS": caller, "the registry": atRegistry} {
				if !reflect.DeepEqual(got.CallerIdentity, want) || len(got.SessionPolicies) != c.policies {
					t.Errorf("at %s: caller %+v, want %+v", where, got.CallerIdentity, want)
				}
				if _, found := got.Context.Lookup("aws:TokenIssueTime"); !found {
					t.Errorf("at %s: no aws:TokenIssueTime", where)
				}
			}
		})
	}
}

// TestInlinePolicyCannotBeLost checks that a session whose inline policy is not valid has no
// caller, instead of one without the policy.
func TestInlinePolicyCannotBeLost(t *testing.T) {
	keys := sessiontest.New(t)
	auth, _ := withAccessKeys(t, keys, nil)
	s := &session.Session{
		ID: "x", Registry: "main", Principal: assumedRole + "ci/build", UserID: "AROACI:build", RoleARN: role + "team/ci",
		InlinePolicy: `{"Statement": []}`, IssuedAt: now, Expires: now.Add(time.Hour),
	}
	token, err := auth.SignSession(session.Access, s, now)
	if err != nil {
		t.Fatal(err)
	}
	if caller, f := authenticate(t, auth, signedIn(), Credentials{Authorization: bearer(token)}); f == nil || !strings.Contains(f.Reason, "session policy is not valid") {
		t.Errorf("caller %+v, failure %v", caller, f)
	}
	s.Principal, s.UserID, s.RoleARN = aliceARN, "AIDAALICE", ""
	if token, err = auth.SignSession(session.Access, s, now); err != nil {
		t.Fatal(err)
	}
	if caller, f := authenticate(t, auth, signedIn(), Credentials{Authorization: bearer(token)}); f == nil {
		t.Errorf("a user with a session policy: caller %+v", caller)
	}
}

func TestBindAccessKeyRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		binding Binding
		want    string
	}{
		{"a role session", Binding{Name: spareKey, Principal: assumedRole + "ci/build"}, "which is not an IAM user"},
		{"the root user", Binding{Name: spareKey, Principal: "arn:aws:iam::123456789012:root"}, "which is not an IAM user"},
		{"a service", Binding{Name: spareKey, Principal: "codebuild.amazonaws.com"}, "which is not an IAM user"},
		{"a user that does not exist", Binding{Name: spareKey, Principal: "arn:aws:iam::123456789012:user/carol"}, "is not among the principals"},
		{"a key without a line", Binding{Name: "AKIAAAAAAAAAAAAAAAAA", Principal: aliceARN}, "access key AKIAAAAAAAAAAAAAAAAA has no line in access-keys; create a key"},
		{"a pattern", Binding{Name: "AKIA{name}", Principal: "arn:aws:iam::123456789012:user/{name}"}, "is not the id of an access key"},
		{"a temporary key", Binding{Name: "ASIAIOSFODNN7EXAMPLE", Principal: aliceARN}, "is not the id of an access key"},
		{"a secret", Binding{Name: aliceSecret, Principal: aliceARN}, "is not the id of an access key"},
		{"a secret for a role", Binding{Name: aliceSecret, Principal: assumedRole + "ci/build"}, "is not the id of an access key"},
		{"a key twice", Binding{Name: aliceKey, Principal: aliceARN}, "is bound twice"},
		{"tags", Binding{Name: spareKey, Principal: aliceARN, Tags: map[string]string{"team": "blue"}}, "has no session that could have tags"},
		{"a source identity", Binding{Name: spareKey, Principal: aliceARN, SourceIdentity: "alice"}, "has a source identity"},
		{"no name", Binding{Principal: aliceARN}, "is not the id of an access key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth, _ := withAccessKeys(t, sessiontest.New(t), nil)
			c.binding.Kind = AccessKeyID
			err := auth.Bind(c.binding)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), aliceSecret) {
				t.Errorf("the error has a secret: %v", err)
			}
		})
	}
}

// TestAccessKeysOfUser checks IAM's quota of two keys, and the keys that are not bound.
func TestAccessKeysOfUser(t *testing.T) {
	const third = "AKIAAAAAAAAAAAAAAAAA"
	auth, _ := withSessions(t, sessiontest.New(t), nil)
	auth.SetAccessKeys(keyFile(t, aliceKey+":"+aliceSecret, spareKey+":"+spareSecret, third+":"+aliceSecret))
	for i, id := range []string{aliceKey, spareKey, third} {
		if i == 2 && !reflect.DeepEqual(auth.UnboundAccessKeys(), []accesskey.Line{{ID: third, Number: 3}}) {
			t.Errorf("not bound: %v", auth.UnboundAccessKeys())
		}
		err := auth.Bind(Binding{Kind: AccessKeyID, Name: id, Principal: aliceARN})
		if isMore := i == accesskey.MaxPerUser; isMore != (err != nil) || isMore && !strings.Contains(err.Error(), "more than 2 access keys") {
			t.Errorf("key %d: error %v", i, err)
		}
	}
	faulty, _ := withSessions(t, sessiontest.New(t), nil)
	faulty.SetAccessKeys(nil)
	if err := faulty.Bind(Binding{Kind: AccessKeyID, Name: aliceKey, Principal: aliceARN}); err != nil {
		t.Errorf("a file with a fault: %v", err)
	}
	if keys := faulty.UnboundAccessKeys(); len(keys) != 0 {
		t.Errorf("not bound: %v", keys)
	}
}

// TestAccessKeyOffline checks the callers of access keys in policy tests.
func TestAccessKeyOffline(t *testing.T) {
	auth, _ := withAccessKeys(t, sessiontest.New(t), nil)
	only := signedIn()
	only.Sources = []Source{BasicAuth}
	for _, c := range []struct {
		name, key string
		config    *Config
		want      string
	}{
		{"a key", aliceKey, signedIn(), ""},
		{"a key that is not bound", spareKey, signedIn(), "no principal is bound to accessKey"},
		{"a key without a line", "AKIAAAAAAAAAAAAAAAAA", signedIn(), "has no line in access-keys"},
		{"a registry without the source", aliceKey, only, "does not accept accessKey"},
	} {
		caller, err := auth.AuthenticateOffline(c.config, &OfflineCredential{Kind: AccessKeyID, Name: c.key}, &Credentials{Time: now})
		if c.want == "" && (err != nil || caller.Principal.ARN != aliceARN) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: caller %+v, error %v; want %q", c.name, caller, err, c.want)
		}
	}
}
