package identity

import (
	"context"
	"fmt"
	"strings"

	"extauthz/iam"
)

// Evidence is what one request carries that may prove who calls.
type Evidence struct {
	Authorization []string // every value of the Authorization header
	Principal     string   // the name that Envoy took from the verified client certificate
	Certificate   string   // that certificate, URL-encoded PEM
}

// A Table binds names in verified credentials to principals. It is filled by
// [Table.Bind] and from then on only read, by any number of goroutines.
type Table struct {
	users     *Htpasswd
	passwords *Passwords
	bindings  map[name]*Caller
	mtls      bool // some binding is for a certificate's name
}

type name struct {
	kind NameKind
	text string
}

// NewTable returns a table without bindings, whose Basic users are those of
// the password file; passwords checks them.
func NewTable(users *Htpasswd, passwords *Passwords) *Table {
	return &Table{users: users, passwords: passwords, bindings: map[name]*Caller{}}
}

// Bind makes the name of that kind stand for the principal. It refuses an
// empty name, a name that is bound already, and a Basic user without password.
func (t *Table) Bind(kind NameKind, text string, p iam.Principal) error {
	source := "mtls"
	switch {
	case kind == NoName || text == "":
		return fmt.Errorf("a credential needs a name; write one of basic, uri, dns or subject")
	case kind == Basic && !t.users.Has(text):
		return fmt.Errorf("user %q has no line in htpasswd; add one with `htpasswd -B`", text)
	case t.bindings[name{kind, text}] != nil:
		return fmt.Errorf("%s %q is bound twice; keep one", kind, text)
	case kind == Basic:
		source = "basic"
	default:
		t.mtls = true
	}
	t.bindings[name{kind, text}] = NewCaller(source, p)
	return nil
}

// Len is the number of bindings.
func (t *Table) Len() int { return len(t.bindings) }

// Identify finds the caller of a request. Checking a password may take as long
// as ctx allows; everything else returns at once.
func (t *Table) Identify(ctx context.Context, e *Evidence) (*Caller, *Failure) {
	if t.mtls && (e.Principal != "" || e.Certificate != "") {
		return t.identifyCertificate(e)
	}
	switch len(e.Authorization) {
	case 0:
		return nil, &Failure{Kind: Anonymous, Reason: "the request carries no credential"}
	case 1:
		return t.identifyAuthorization(ctx, e.Authorization[0])
	}
	return nil, invalid("authorization", "the Authorization header is repeated")
}

func (t *Table) identifyCertificate(e *Evidence) (*Caller, *Failure) {
	kind, text, f := certificateName(e.Principal, e.Certificate)
	if f != nil {
		return nil, f
	}
	if c := t.bindings[name{kind, text}]; c != nil {
		return c, nil
	}
	return nil, invalid("mtls", fmt.Sprintf("no principal is bound to %s %q", kind, text))
}

func (t *Table) identifyAuthorization(ctx context.Context, authorization string) (*Caller, *Failure) {
	if len(authorization) > maxAuthorization {
		return nil, invalid("authorization", "the Authorization header is too long")
	}
	scheme, credential := scheme(authorization)
	if !strings.EqualFold(scheme, "basic") {
		return nil, invalid("authorization", "only Basic credentials are accepted")
	}
	user, password, f := parseBasic(credential)
	if f != nil {
		return nil, f
	}
	if f := t.passwords.verify(ctx, t.users, user, password); f != nil {
		return nil, f
	}
	if c := t.bindings[name{Basic, user}]; c != nil {
		return c, nil
	}
	return nil, invalid("basic", fmt.Sprintf("no principal is bound to user %q", user))
}
