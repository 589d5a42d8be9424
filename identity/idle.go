package identity

import (
	"cmp"
	"slices"
)

// Finds tells whether the source could find anybody, by what the table holds: one
// that could not is a mistake where a registry names it.
func (t *Table) Finds(source Source) bool {
	anyIssuer := func(has func(*issuer) bool) bool { return slices.ContainsFunc(t.issuers, has) }
	verifies := func(i *issuer) bool { return i.verifier.Keys != nil }
	switch source {
	case MTLS:
		return t.mtls
	case JWTAuthn:
		return anyIssuer(func(i *issuer) bool { return i.metadata != "" })
	case Bearer:
		return anyIssuer(verifies)
	case BasicAuth:
		return t.binds(Basic) || anyIssuer(verifies)
	case TrustedHeader:
		return t.binds(HeaderName)
	}
	return false
}

func (t *Table) binds(kind NameKind) bool {
	if len(t.patterns[kind]) > 0 {
		return true
	}
	for n := range t.exact {
		if n.kind == kind {
			return true
		}
	}
	return false
}

// A User is a line of the password file.
type User struct {
	Name string
	Line int // from 1
}

// UnboundUsers are those of the password file whom no binding makes a principal, in
// the order of their lines: their passwords prove nobody.
func (t *Table) UnboundUsers() []User {
	var unbound []User
	for user, line := range t.users.lines {
		if caller, err := t.callerOf(name{Basic, user}); caller == nil && err == nil {
			unbound = append(unbound, User{user, line.number})
		}
	}
	slices.SortFunc(unbound, func(a, b User) int { return cmp.Compare(a.Line, b.Line) })
	return unbound
}
