package identity

import (
	"slices"

	"extauthz/identity/basic"
)

// CanAuthenticate tells whether the source could find anybody, by what the table holds: one
// that could not is a mistake where a registry names it.
func (t *Authenticator) CanAuthenticate(source Source) bool {
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
		return t.binds(BasicUser) || anyIssuer(verifies)
	case TrustedHeader:
		return t.binds(HeaderValue)
	case NoSource:
	}
	return false
}

func (t *Authenticator) binds(kind NameKind) bool {
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

// Users returns the users of the password file in the order of their lines.
func (t *Authenticator) Users() []basic.User { return t.users.Users() }

// UnboundUsers are those of the password file whom no binding makes a principal, in
// the order of their lines: their passwords prove nobody. A pattern's binding makes
// none of a name where the principal is not there.
func (t *Authenticator) UnboundUsers() []basic.User {
	return slices.DeleteFunc(t.Users(), func(u basic.User) bool {
		caller, err := t.callerOf(name{BasicUser, u.Name})
		return caller != nil && err == nil
	})
}
