package identity

import (
	"context"
	"fmt"
	"strings"

	"extauthz/iam"
)

// A Table binds names in verified credentials to principals. It is filled by
// [Table.Bind] and [Table.AddIssuer], and from then on only read, by any number of goroutines.
type Table struct {
	users     *Htpasswd
	passwords *Passwords
	entities  *Entities
	bindings  map[name]*Caller
	mtls      bool // some binding is for a certificate's name
}

type name struct {
	kind NameKind
	text string
}

// NewTable returns a table without bindings, whose Basic users are those of
// the password file; passwords checks them. Bindings name the entities.
func NewTable(users *Htpasswd, passwords *Passwords, entities *Entities) *Table {
	return &Table{users: users, passwords: passwords, entities: entities, bindings: map[name]*Caller{}}
}

// Len is the number of bindings.
func (t *Table) Len() int { return len(t.bindings) }

// Identify finds the caller of a request, by the rules of its registry. Checking a password may take as long
// as ctx allows; everything else returns at once.
func (t *Table) Identify(ctx context.Context, rules *Rules, e *Evidence) (*Caller, *Failure) {
	if t.mtls && (e.Principal != "" || e.Certificate != "") {
		return t.identifyCertificate(e)
	}
	switch len(e.Authorization) {
	case 0:
		if rules.Anonymous {
			return NewCaller("", iam.Principal{Kind: iam.Anonymous}), nil
		}
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
