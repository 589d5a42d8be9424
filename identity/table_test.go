package identity

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"extauthz/iam"
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
func users(t *testing.T, names ...string) *Htpasswd {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+"-secret"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	h, err := ParseHtpasswd("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newTable(t *testing.T, names ...string) *Table {
	t.Helper()
	return NewTable(users(t, names...), NewPasswords(), entities(t))
}

// entities returns alice, and the roles ci and pod.
func entities(t testing.TB) *Entities {
	t.Helper()
	e := NewEntities()
	for _, entity := range []Entity{{ARN: aliceARN}, {ARN: ci.RoleARN}} {
		if err := e.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func bind(t *testing.T, table *Table, kind NameKind, text string, p iam.Principal) {
	t.Helper()
	if err := table.Bind(Binding{Kind: kind, Name: text, Principal: p.ARN}); err != nil {
		t.Fatal(err)
	}
}

func TestIdentify(t *testing.T) {
	table := newTable(t, "alice", "bob")
	bind(t, table, Basic, "alice", alice)
	bind(t, table, URI, "spiffe://example.com/ci", ci)
	bind(t, table, Subject, "CN=ci,O=example", ci)
	uri := certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}})
	for _, c := range []struct {
		name     string
		evidence Evidence
		caller   string      // the principal's ARN
		kind     FailureKind // where caller is ""
		reason   string
	}{
		{name: "nothing", kind: Anonymous, reason: "no credential"},
		{name: "right password", evidence: Evidence{Authorization: basic("alice", "alice-secret")}, caller: aliceARN},
		{name: "scheme in capitals", evidence: Evidence{Authorization: []string{"BASIC " + encode("alice:alice-secret")}}, caller: aliceARN},
		{name: "wrong password", evidence: Evidence{Authorization: basic("alice", "bob-secret")}, reason: "unknown user or wrong password"},
		{name: "empty password", evidence: Evidence{Authorization: basic("alice", "")}, reason: "unknown user or wrong password"},
		{name: "unknown user", evidence: Evidence{Authorization: basic("carol", "carol-secret")}, reason: "unknown user or wrong password"},
		{name: "unknown user with the password of the costliest line", evidence: Evidence{Authorization: basic("carol", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "user name in capitals", evidence: Evidence{Authorization: basic("ALICE", "alice-secret")}, reason: "unknown user or wrong password"},
		{name: "right password, but nobody", evidence: Evidence{Authorization: basic("bob", "bob-secret")}, reason: `no principal is bound to user "bob"`},
		{name: "a certificate's name as user", evidence: Evidence{Authorization: basic("spiffe", "//example.com/ci")}, reason: "unknown user or wrong password"},
		{name: "empty header", evidence: Evidence{Authorization: []string{""}}, reason: "takes this kind of credential"},
		{name: "Bearer", evidence: Evidence{Authorization: []string{"Bearer " + encode("alice:alice-secret")}}, reason: "no issuer's tokens"},
		{name: "scheme runs into the credential", evidence: Evidence{Authorization: []string{"Basic" + encode("alice:alice-secret")}}, reason: "takes this kind of credential"},
		{name: "repeated", evidence: Evidence{Authorization: append(basic("alice", "alice-secret"), basic("alice", "alice-secret")...)}, reason: "repeated"},
		{name: "joined", evidence: Evidence{Authorization: []string{strings.Join(append(basic("alice", "alice-secret"), basic("bob", "bob-secret")...), ",")}}, reason: "not base64"},
		{name: "too long", evidence: Evidence{Authorization: basic("alice", strings.Repeat("a", maxAuthorization))}, reason: "too long"},
		{name: "certificate", evidence: Evidence{Principal: "spiffe://example.com/ci", Certificate: uri}, caller: ciARN},
		{name: "certificate before password", evidence: Evidence{Principal: "spiffe://example.com/ci", Certificate: uri, Authorization: basic("alice", "alice-secret")}, caller: ciARN},
		{name: "a certificate that does not hold is not followed by the password",
			evidence: Evidence{Principal: "spiffe://example.com/ci", Authorization: basic("alice", "alice-secret")}, reason: "include_peer_certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := table.Identify(context.Background(), &Rules{}, &c.evidence)
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
	bind(t, table, Basic, "alice", alice)
	caller, f := table.Identify(context.Background(), &Rules{}, &Evidence{
		Principal: "spiffe://mesh/anything", Authorization: basic("alice", "alice-secret"),
	})
	if f != nil || caller.Principal.ARN != aliceARN {
		t.Errorf("caller %v, failure %v", caller, f)
	}
	if _, f := table.Identify(context.Background(), &Rules{}, &Evidence{Principal: "spiffe://mesh/anything"}); f == nil || f.Kind != Anonymous {
		t.Errorf("failure %v, want anonymous", f)
	}
}

func TestBindRefuses(t *testing.T) {
	table := newTable(t, "alice")
	bind(t, table, Basic, "alice", alice)
	for _, c := range []struct {
		name string
		kind NameKind
		text string
		want string
	}{
		{"no kind", NoName, "alice", "needs a name"},
		{"no text", URI, "", "needs a name"},
		{"no password", Basic, "bob", `user "bob" has no line in htpasswd`},
		{"twice", Basic, "alice", `basic "alice" is bound twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := table.Bind(Binding{Kind: c.kind, Name: c.text, Principal: ciARN}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if table.Len() != 1 {
		t.Errorf("%d bindings, want 1", table.Len())
	}
}

func TestCallerContext(t *testing.T) {
	for _, c := range []struct {
		name      string
		principal iam.Principal
		want      map[string]string
	}{
		{"user", alice, map[string]string{
			"aws:PrincipalArn": aliceARN, "aws:PrincipalType": "User", "aws:username": "alice",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}},
		{"role session", ci, map[string]string{
			"aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/ci", "aws:PrincipalType": "AssumedRole", "aws:MultiFactorAuthPresent": "false",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := NewCaller("basic", c.principal).Context
			if len(got) != len(c.want) {
				t.Errorf("%d keys, want %d: %v", len(got), len(c.want), got)
			}
			for _, entry := range got {
				if entry.Value != c.want[entry.Key] {
					t.Errorf("%s = %q, want %q", entry.Key, entry.Value, c.want[entry.Key])
				}
			}
		})
	}
}

func BenchmarkIdentify(b *testing.B) {
	hash, err := bcrypt.GenerateFromPassword([]byte("alice-secret"), bcrypt.MinCost)
	if err != nil {
		b.Fatal(err)
	}
	h, err := ParseHtpasswd("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		b.Fatal(err)
	}
	table := NewTable(h, NewPasswords(), entities(b))
	if err := table.Bind(Binding{Kind: Basic, Name: "alice", Principal: aliceARN}); err != nil {
		b.Fatal(err)
	}
	e := &Evidence{Authorization: basic("alice", "alice-secret")}
	b.ReportAllocs()
	for b.Loop() {
		if _, f := table.Identify(context.Background(), &Rules{}, e); f != nil {
			b.Fatal(f)
		}
	}
}
