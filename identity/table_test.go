package identity

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/basic"
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
	var text strings.Builder
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+"-secret"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	h, err := basic.ParseFile("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newTable(t *testing.T, names ...string) *Authenticator {
	t.Helper()
	return NewAuthenticator(users(t, names...), basic.NewVerifier(), entities(t))
}

// entities returns alice, and the roles ci and pod.
func entities(t testing.TB) *sts.Entities {
	t.Helper()
	e := sts.NewEntities(nil)
	for _, entity := range []sts.Entity{{ARN: aliceARN}, {ARN: ci.RoleARN}} {
		if err := e.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func bind(t *testing.T, table *Authenticator, kind NameKind, text string, p iam.Principal) {
	t.Helper()
	if err := table.Bind(Binding{Kind: kind, Name: text, Principal: p.ARN}); err != nil {
		t.Fatal(err)
	}
}

func TestIdentify(t *testing.T) {
	table := newTable(t, "alice", "bob")
	bind(t, table, BasicUser, "alice", alice)
	bind(t, table, URI, "spiffe://example.com/ci", ci)
	bind(t, table, Subject, "CN=ci,O=example", ci)
	uri := certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}})
	for _, c := range []struct {
		name     string
		evidence Credentials
		caller   string      // the principal's ARN
		kind     FailureKind // where caller is ""
		reason   string
	}{
		{name: "nothing", kind: Anonymous, reason: "no credential"},
		{name: "right password", evidence: Credentials{Authorization: basicHeader("alice", "alice-secret")}, caller: aliceARN},
		{name: "scheme in capitals", evidence: Credentials{Authorization: []string{"BASIC " + encode("alice:alice-secret")}}, caller: aliceARN},
		{name: "wrong password", evidence: Credentials{Authorization: basicHeader("alice", "bob-secret")}, reason: "unknown user or wrong password"},
		{name: "empty password", evidence: Credentials{Authorization: basicHeader("alice", "")}, reason: "unknown user or wrong password"},
		{name: "unknown user", evidence: Credentials{Authorization: basicHeader("carol", "carol-secret")}, reason: "unknown user or wrong password"},
		{name: "unknown user with the password of the costliest line", evidence: Credentials{Authorization: basicHeader("carol", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "user name in capitals", evidence: Credentials{Authorization: basicHeader("ALICE", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "right password, but nobody", evidence: Credentials{Authorization: basicHeader("bob", "bob-secret")}, reason: `no principal is bound to basic "bob"`},
		{name: "a certificate's name as user", evidence: Credentials{Authorization: basicHeader("spiffe", "//example.com/ci")}, reason: "unknown user or wrong password"},
		{name: "empty header", evidence: Credentials{Authorization: []string{""}}, reason: "takes this kind of credential"},
		{name: "Bearer", evidence: Credentials{Authorization: []string{"Bearer " + encode("alice:alice-secret")}}, reason: "no issuer's tokens"},
		{name: "scheme runs into the credential", evidence: Credentials{Authorization: []string{"Basic" + encode("alice:alice-secret")}}, reason: "takes this kind of credential"},
		{name: "repeated", evidence: Credentials{Authorization: append(basicHeader("alice", "alice-secret"), basicHeader("alice", "alice-secret")...)}, reason: "repeated"},
		{name: "joined", evidence: Credentials{Authorization: []string{strings.Join(append(basicHeader("alice", "alice-secret"), basicHeader("bob", "bob-secret")...), ",")}}, reason: "not base64"},
		{name: "too long", evidence: Credentials{Authorization: basicHeader("alice", strings.Repeat("a", maxAuthorization))}, reason: "too long"},
		{name: "certificate", evidence: Credentials{Principal: "spiffe://example.com/ci", Certificate: uri}, caller: ciARN},
		{name: "certificate before password", evidence: Credentials{Principal: "spiffe://example.com/ci", Certificate: uri, Authorization: basicHeader("alice", "alice-secret")}, caller: ciARN},
		{name: "a certificate that does not hold is not followed by the password",
			evidence: Credentials{Principal: "spiffe://example.com/ci", Authorization: basicHeader("alice", "alice-secret")}, reason: "include_peer_certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := table.Authenticate(context.Background(), &Config{}, &c.evidence)
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

func TestIdentifyIgnoresCertificatesThatNobodyBinds(t *testing.T) {
	table := newTable(t, "alice")
	bind(t, table, BasicUser, "alice", alice)
	caller, f := table.Authenticate(context.Background(), &Config{}, &Credentials{
		Principal: "spiffe://mesh/anything", Authorization: basicHeader("alice", "alice-secret"),
	})
	if f != nil || caller.Principal.ARN != aliceARN {
		t.Errorf("caller %v, failure %v", caller, f)
	}
	if _, f := table.Authenticate(context.Background(), &Config{}, &Credentials{Principal: "spiffe://mesh/anything"}); f == nil || f.Kind != Anonymous {
		t.Errorf("failure %v, want anonymous", f)
	}
}

// everything are principals where every source can prove somebody, each
// somebody else: mtls ci, jwt_authn and bearer the role ci's gitlab, basic alice,
// header bob.
func everything(t testing.TB) *Authenticator {
	t.Helper()
	w := tokens(t)
	w.entities = append(w.entities, sts.Entity{ARN: "arn:aws:iam::123456789012:user/dev/bob"})
	w.bindings = append(w.bindings,
		Binding{Kind: URI, Name: "spiffe://example.com/ci", Principal: ciARN},
		Binding{Kind: HeaderValue, Name: "{name}@example.com", Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	return w.build(t)
}

// The first source in order that finds a credential decides; what others would
// have found, good or bad, does not count.
func TestOrder(t *testing.T) {
	table := everything(t)
	const bobARN, gitlabARN = "arn:aws:iam::123456789012:user/dev/bob", session + "ci/gitlab"
	leaf := certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}})
	token := signerAt(gitlabURL).token(t, nil)
	all := func(authorization []string) Credentials {
		return Credentials{Principal: "spiffe://example.com/ci", Certificate: leaf, HeaderValues: []string{"bob@example.com"}, TrustedHeader: "x-user", Authorization: authorization, Metadata: map[string]any{"ci": payload(t, token)}}
	}
	without := func(e Credentials, change func(*Credentials)) Credentials { change(&e); return e }
	noCertificate := func(e *Credentials) { e.Principal, e.Certificate = "", "" }
	strange := func(e *Credentials) { e.Principal = "spiffe://example.com/other" }
	for _, c := range []struct {
		name     string
		sources  string // "" is the default
		evidence Credentials
		want     want
	}{
		{"certificate first", "", all(bearer(token)), want{arn: ciARN}},
		{"certificate first, Authorization repeated", "", all(append(bearer(token), bearer(token)...)), want{arn: ciARN}},
		{"certificate that does not hold", "", without(all(bearer(token)), strange), want{reason: "not the one in the certificate"}},
		{"no certificate", "", without(all(bearer(token)), noCertificate), want{arn: gitlabARN}},
		{"no certificate, Basic", "", without(all(basicHeader("alice", "alice-secret")), noCertificate), want{arn: aliceARN}},
		{"no certificate, repeated", "", without(all(append(bearer(token), bearer(token)...)), noCertificate), want{reason: "repeated"}},
		{"a header is never asked unless named", "", without(all(nil), noCertificate), want{kind: Anonymous, reason: "no credential"}},
		{"header first", "header mtls basic", all(basicHeader("alice", "alice-secret")), want{arn: bobARN}},
		{"header first, which does not hold", "header basic", without(all(basicHeader("alice", "alice-secret")), func(e *Credentials) { e.HeaderValues = []string{"carol@example.com"} }), want{reason: "not among the principals"}},
		{"header first, absent", "header basic", without(all(basicHeader("alice", "alice-secret")), func(e *Credentials) { e.HeaderValues = nil }), want{arn: aliceARN}},
		{"header first, Authorization repeated", "header basic", all(append(bearer(token), bearer(token)...)), want{arn: bobARN}},
		{"header last", "basic header", all(basicHeader("alice", "alice-secret")), want{arn: aliceARN}},
		{"header last, wrong password", "basic header", all(basicHeader("alice", "wrong")), want{reason: "wrong password"}},
		{"header last, no Authorization", "basic header", all(nil), want{arn: bobARN}},
		{"header last, a Bearer token that nobody asks for", "basic header", all(bearer(token)), want{arn: bobARN}},
		{"header last, Authorization repeated", "basic header", all(append(bearer(token), bearer(token)...)), want{reason: "repeated"}},
		{"basic before mtls", "basic mtls", all(basicHeader("alice", "alice-secret")), want{arn: aliceARN}},
		{"basic before mtls, wrong password", "basic mtls", all(basicHeader("alice", "wrong")), want{reason: "wrong password"}},
		{"basic before mtls, absent", "basic mtls", all(nil), want{arn: ciARN}},
		{"bearer before jwt_authn", "bearer jwt_authn", all(bearer(token)), want{arn: gitlabARN}},
		{"mtls only, and Authorization", "mtls", without(all(basicHeader("alice", "alice-secret")), noCertificate), want{reason: "takes this kind of credential"}},
		{"mtls only, and Authorization of no scheme", "mtls", without(all([]string{""}), noCertificate), want{reason: "takes this kind of credential"}},
		{"jwt_authn only, without metadata", "jwt_authn", without(all(bearer(token)), func(e *Credentials) { e.Metadata = nil }), want{reason: "takes this kind of credential"}},
		{"bearer only, Basic", "bearer", all(basicHeader("alice", "alice-secret")), want{reason: "takes this kind of credential"}},
		{"basic only, Bearer", "basic", all(bearer(token)), want{reason: "takes this kind of credential: it is bearer, and the sources are basic"}},
		{"Digest", "", without(all([]string{"Digest username=alice"}), noCertificate), want{reason: "takes this kind of credential: it is digest, and the sources are mtls, jwt_authn, bearer, basic"}},
		{"a secret alone", "", without(all([]string{"s3cr3t-and-nothing-else"}), noCertificate), want{reason: "takes this kind of credential: it is of another scheme, and"}},
		{"a source that there is not", "none", all(nil), want{reason: "that there is not"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rules()
			r.Header, r.Anonymous = "x-user", c.want.kind != Anonymous // who has a credential is never anonymous
			for word := range strings.FieldsSeq(c.sources) {
				source, err := ParseSource(word)
				if err != nil && word != "none" {
					t.Fatal(err)
				}
				r.Sources = append(r.Sources, source)
			}
			caller, f := identify(t, table, r, c.evidence)
			c.want.check(t, caller, f)
		})
	}
}

func TestAnonymous(t *testing.T) {
	r := rules()
	r.Anonymous = true
	caller, f := identify(t, everything(t), r, Credentials{HeaderValues: []string{"bob@example.com"}, Metadata: map[string]any{"ci": map[string]any{}}})
	if f != nil || caller.Principal.Kind != iam.Anonymous || caller.Source != "" {
		t.Fatalf("caller %+v, failure %v", caller, f)
	}
	iamtest.CheckKeys(t, caller.Context, map[string]string{
		"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous", "aws:PrincipalIsAWSService": "",
		"aws:PrincipalArn": "", "aws:PrincipalAccount": "", "aws:username": "", "aws:TokenIssueTime": ""})
	r.Anonymous = false
	_, f = identify(t, everything(t), r, Credentials{})
	want{kind: Anonymous, reason: "no credential"}.check(t, nil, f)
}

func TestParseSource(t *testing.T) {
	for _, word := range []string{"mtls", "jwt_authn", "bearer", "basic", "header"} {
		if s, err := ParseSource(word); err != nil || s.String() != word {
			t.Errorf("%q: %v, %v", word, s, err)
		}
	}
	for _, word := range []string{"", "none", "MTLS", "jwt", "basic "} {
		if s, err := ParseSource(word); err == nil || s != NoSource {
			t.Errorf("%q is %v", word, s)
		}
	}
}
