package identity

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/basic"
	"extauthz/identity/basic/basictest"
	"extauthz/identity/sts"
)

const (
	aliceARN = "arn:aws:iam::123456789012:user/dev/alice"
	ciARN    = "arn:aws:sts::123456789012:assumed-role/ci/build"
)

var (
	alice = iam.Principal{Kind: iam.User, ARN: aliceARN, Account: "123456789012"}
	ci    = iam.Principal{Kind: iam.AssumedRole, ARN: ciARN, Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/team/ci"}
)

// users returns a password file in which each user's password is NAME-secret.
func users(t *testing.T, names ...string) *basic.File {
	t.Helper()
	h, err := basic.ParseFile("htpasswd", []byte(basictest.Passwords(t, names...)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newAuthenticator(t *testing.T, names ...string) *Authenticator {
	t.Helper()
	return NewAuthenticator(users(t, names...), basic.NewVerifier(), entities(t))
}

// entities returns alice, and the roles ci and pod.
func entities(t testing.TB) *sts.Entities {
	t.Helper()
	e := sts.NewEntities(nil, nil)
	for _, entity := range []sts.Entity{{ARN: aliceARN}, {ARN: ci.RoleARN}} {
		if err := e.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func bind(t *testing.T, auth *Authenticator, kind NameKind, text string, p iam.Principal) {
	t.Helper()
	if err := auth.Bind(Binding{Kind: kind, Name: text, Principal: p.ARN}); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticate(t *testing.T) {
	auth := newAuthenticator(t, "alice", "bob")
	bind(t, auth, BasicUser, "alice", alice)
	bind(t, auth, URI, "spiffe://example.com/ci", ci)
	bind(t, auth, Subject, "CN=ci,O=example", ci)
	uri := certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}})
	for _, c := range []struct {
		name        string
		credentials Credentials
		caller      string      // the principal's ARN
		kind        FailureKind // where caller is ""
		reason      string
	}{
		{name: "nothing", kind: Anonymous, reason: "no credential"},
		{name: "right password", credentials: Credentials{Authorization: basicHeader("alice", "alice-secret")}, caller: aliceARN},
		{name: "scheme in capitals", credentials: Credentials{Authorization: []string{"BASIC " + encode("alice:alice-secret")}}, caller: aliceARN},
		{name: "wrong password", credentials: Credentials{Authorization: basicHeader("alice", "bob-secret")}, reason: "unknown user or wrong password"},
		{name: "empty password", credentials: Credentials{Authorization: basicHeader("alice", "")}, reason: "unknown user or wrong password"},
		{name: "unknown user", credentials: Credentials{Authorization: basicHeader("carol", "carol-secret")}, reason: "unknown user or wrong password"},
		{name: "unknown user with the password of the line with the highest cost", credentials: Credentials{Authorization: basicHeader("carol", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "user name in capitals", credentials: Credentials{Authorization: basicHeader("ALICE", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "right password of a user without a principal", credentials: Credentials{Authorization: basicHeader("bob", "bob-secret")}, reason: `no principal is bound to basic "bob"`},
		{name: "the name in a certificate as user", credentials: Credentials{Authorization: basicHeader("spiffe", "//example.com/ci")}, reason: "unknown user or wrong password"},
		{name: "empty header", credentials: Credentials{Authorization: []string{""}}, reason: "accepts this kind of credential"},
		{name: "Bearer", credentials: Credentials{Authorization: []string{"Bearer " + encode("alice:alice-secret")}}, reason: "no issuer's tokens"},
		{name: "scheme runs into the credential", credentials: Credentials{Authorization: []string{"Basic" + encode("alice:alice-secret")}}, reason: "accepts this kind of credential"},
		{name: "repeated", credentials: Credentials{Authorization: append(basicHeader("alice", "alice-secret"), basicHeader("alice", "alice-secret")...)}, reason: "repeated"},
		{name: "joined", credentials: Credentials{Authorization: []string{strings.Join(append(basicHeader("alice", "alice-secret"), basicHeader("bob", "bob-secret")...), ",")}}, reason: "not base64"},
		{name: "too long", credentials: Credentials{Authorization: basicHeader("alice", strings.Repeat("a", maxAuthorization))}, reason: "too long"},
		{name: "certificate", credentials: Credentials{Principal: "spiffe://example.com/ci", Certificate: []byte(uri)}, caller: ciARN},
		{name: "certificate before password", credentials: Credentials{Principal: "spiffe://example.com/ci", Certificate: []byte(uri), Authorization: basicHeader("alice", "alice-secret")}, caller: ciARN},
		{name: "an invalid certificate is not followed by the password",
			credentials: Credentials{Principal: "spiffe://example.com/ci", Authorization: basicHeader("alice", "alice-secret")}, reason: "include_peer_certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := auth.Authenticate(context.Background(), &Config{}, &c.credentials)
			switch {
			case c.caller != "" && (f != nil || caller.Principal.ARN != c.caller):
				t.Errorf("caller %+v, failure %v; want %s", caller, f, c.caller)
			case c.caller == "" && (f == nil || caller != nil || f.Kind != c.kind || !strings.Contains(f.Error(), c.reason)):
				t.Errorf("caller %+v, failure %+v; want kind %d, reason %q", caller, f, c.kind, c.reason)
			}
			if f != nil && (strings.Contains(f.Error(), "-secret") || strings.Contains(f.Error(), encode("alice:"))) {
				t.Errorf("the failure holds a password: %v", f)
			}
		})
	}
}

func TestUnboundCertificatesAreIgnored(t *testing.T) {
	auth := newAuthenticator(t, "alice")
	bind(t, auth, BasicUser, "alice", alice)
	caller, f := auth.Authenticate(context.Background(), &Config{}, &Credentials{
		Principal: "spiffe://mesh/anything", Authorization: basicHeader("alice", "alice-secret"),
	})
	if f != nil || caller.Principal.ARN != aliceARN {
		t.Errorf("caller %v, failure %v", caller, f)
	}
	if _, f := auth.Authenticate(context.Background(), &Config{}, &Credentials{Principal: "spiffe://mesh/anything"}); f == nil || f.Kind != Anonymous {
		t.Errorf("failure %v, want anonymous", f)
	}
}

// everySource returns an authenticator in which each source authenticates another
// principal: mtls the role ci, jwt_authn and bearer the role ci in a session gitlab,
// basic the user alice, and header the user bob.
func everySource(t testing.TB) *Authenticator {
	t.Helper()
	w := tokens(t)
	w.entities = append(w.entities, sts.Entity{ARN: "arn:aws:iam::123456789012:user/dev/bob"})
	w.bindings = append(w.bindings,
		Binding{Kind: URI, Name: "spiffe://example.com/ci", Principal: ciARN},
		Binding{Kind: HeaderValue, Name: "{name}@example.com", Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	return w.build(t)
}

// TestOrder checks that the first source in order that finds a credential decides,
// whatever the others would find.
func TestOrder(t *testing.T) {
	auth := everySource(t)
	const bobARN, gitlabARN = "arn:aws:iam::123456789012:user/dev/bob", assumedRole + "ci/gitlab"
	leaf := certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}})
	token := signerAt(gitlabURL).token(t, nil)
	all := func(authorization []string) Credentials {
		return Credentials{Principal: "spiffe://example.com/ci", Certificate: []byte(leaf), HeaderValues: []string{"bob@example.com"}, TrustedHeader: "x-user", Authorization: authorization, Metadata: map[string]any{"ci": payload(t, token)}}
	}
	without := func(e Credentials, change func(*Credentials)) Credentials { change(&e); return e }
	withoutCertificate := func(e *Credentials) { e.Principal, e.Certificate = "", nil }
	otherName := func(e *Credentials) { e.Principal = "spiffe://example.com/other" }
	for _, c := range []struct {
		name        string
		sources     string // "" is the default
		credentials Credentials
		want        want
	}{
		{"certificate first", "", all(bearer(token)), want{arn: ciARN}},
		{"certificate first, Authorization repeated", "", all(append(bearer(token), bearer(token)...)), want{arn: ciARN}},
		{"invalid certificate", "", without(all(bearer(token)), otherName), want{reason: "not the one in the certificate"}},
		{"no certificate", "", without(all(bearer(token)), withoutCertificate), want{arn: gitlabARN}},
		{"no certificate, Basic", "", without(all(basicHeader("alice", "alice-secret")), withoutCertificate), want{arn: aliceARN}},
		{"no certificate, repeated", "", without(all(append(bearer(token), bearer(token)...)), withoutCertificate), want{reason: "repeated"}},
		{"header is not a default source", "", without(all(nil), withoutCertificate), want{kind: Anonymous, reason: "no credential"}},
		{"header first", "header mtls basic", all(basicHeader("alice", "alice-secret")), want{arn: bobARN}},
		{"header first, without a principal", "header basic", without(all(basicHeader("alice", "alice-secret")), func(e *Credentials) { e.HeaderValues = []string{"carol@example.com"} }), want{reason: "not among the principals"}},
		{"header first, absent", "header basic", without(all(basicHeader("alice", "alice-secret")), func(e *Credentials) { e.HeaderValues = nil }), want{arn: aliceARN}},
		{"header first, Authorization repeated", "header basic", all(append(bearer(token), bearer(token)...)), want{arn: bobARN}},
		{"header last", "basic header", all(basicHeader("alice", "alice-secret")), want{arn: aliceARN}},
		{"header last, wrong password", "basic header", all(basicHeader("alice", "wrong")), want{reason: "wrong password"}},
		{"header last, no Authorization", "basic header", all(nil), want{arn: bobARN}},
		{"header last, a Bearer token that no source accepts", "basic header", all(bearer(token)), want{arn: bobARN}},
		{"header last, Authorization repeated", "basic header", all(append(bearer(token), bearer(token)...)), want{reason: "repeated"}},
		{"basic before mtls", "basic mtls", all(basicHeader("alice", "alice-secret")), want{arn: aliceARN}},
		{"basic before mtls, wrong password", "basic mtls", all(basicHeader("alice", "wrong")), want{reason: "wrong password"}},
		{"basic before mtls, absent", "basic mtls", all(nil), want{arn: ciARN}},
		{"bearer before jwt_authn", "bearer jwt_authn", all(bearer(token)), want{arn: gitlabARN}},
		{"mtls only, and Authorization", "mtls", without(all(basicHeader("alice", "alice-secret")), withoutCertificate), want{reason: "accepts this kind of credential"}},
		{"mtls only, and Authorization of no scheme", "mtls", without(all([]string{""}), withoutCertificate), want{reason: "accepts this kind of credential"}},
		{"jwt_authn only, without metadata", "jwt_authn", without(all(bearer(token)), func(e *Credentials) { e.Metadata = nil }), want{reason: "accepts this kind of credential"}},
		{"bearer only, Basic", "bearer", all(basicHeader("alice", "alice-secret")), want{reason: "accepts this kind of credential"}},
		{"basic only, Bearer", "basic", all(bearer(token)), want{reason: "accepts this kind of credential: it is bearer, and the sources are basic"}},
		{"Digest", "", without(all([]string{"Digest username=alice"}), withoutCertificate), want{reason: "accepts this kind of credential: it is digest, and the sources are mtls, jwt_authn, bearer, basic"}},
		{"a secret alone", "", without(all([]string{"s3cr3t-and-nothing-else"}), withoutCertificate), want{reason: "accepts this kind of credential: it is of another scheme, and"}},
		{"a source that does not exist", "none", all(nil), want{reason: "that does not exist"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := config()
			r.Header, r.Anonymous = "x-user", c.want.kind != Anonymous // a request with a credential is never anonymous
			for word := range strings.FieldsSeq(c.sources) {
				source, err := ParseSource(word)
				if err != nil && word != "none" {
					t.Fatal(err)
				}
				r.Sources = append(r.Sources, source)
			}
			caller, f := authenticate(t, auth, r, c.credentials)
			c.want.check(t, caller, f)
		})
	}
}

func TestAnonymous(t *testing.T) {
	r := config()
	r.Anonymous = true
	caller, f := authenticate(t, everySource(t), r, Credentials{HeaderValues: []string{"bob@example.com"}, Metadata: map[string]any{"ci": map[string]any{}}})
	if f != nil || caller.Principal.Kind != iam.Anonymous || caller.Source != "" {
		t.Fatalf("caller %+v, failure %v", caller, f)
	}
	iamtest.CheckKeys(t, contextOf(caller), map[string]string{
		"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous", "aws:PrincipalIsAWSService": "",
		"aws:PrincipalArn": "", "aws:PrincipalAccount": "", "aws:username": "", "aws:TokenIssueTime": ""})
	r.Anonymous = false
	_, f = authenticate(t, everySource(t), r, Credentials{})
	want{kind: Anonymous, reason: "no credential"}.check(t, nil, f)
}

// TestSharedCallersAreNotChanged checks that concurrent requests that share a caller
// each have their own time.
func TestSharedCallersAreNotChanged(t *testing.T) {
	auth := bindable(t, Binding{Kind: URI, Name: "ci", Principal: ciARN}).build(t)
	r := config()
	r.PrincipalKind = URI
	callers := make([]*Caller, 50)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			callers[i], _ = auth.Authenticate(t.Context(), r, &Credentials{Principal: "ci", Time: now.Add(time.Duration(i) * time.Second)})
		})
	}
	all.Wait()
	for i, caller := range callers {
		began := now.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		iamtest.CheckKeys(t, caller.AppendContext(nil, began), map[string]string{"aws:TokenIssueTime": began})
	}
}
