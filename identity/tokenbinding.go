package identity

import (
	"fmt"
	"slices"

	"extauthz/oidc"
	"extauthz/sts"
)

// tokenBinding binds the tokens of an issuer whose claims match patterns.
type tokenBinding struct {
	claims  claimPatterns
	exact   bool // no pattern has a capture
	session *sessionTemplate
}

func (t *Table) bindToken(b *Binding) error {
	i := t.issuerNamed(b.Issuer)
	switch {
	case i == nil:
		return fmt.Errorf("issuer %q is not among the issuers; add it there", b.Issuer)
	case i.role != "":
		return fmt.Errorf("issuer %q has a role, which all its tokens assume; bind its tokens, or keep the role", b.Issuer)
	case b.Name != "" || len(b.Claims) == 0:
		return fmt.Errorf("a token of issuer %q is known by its claims; name at least one, such as sub", b.Issuer)
	}
	claims, err := compileClaims(b.Claims)
	if err != nil {
		return err
	}
	bound := &tokenBinding{claims: claims, exact: len(claims.names()) == 0}
	for _, other := range i.bindings {
		if bound.overlaps(other) {
			return fmt.Errorf("two bindings of issuer %q overlap: a token can match %v and %v; change one so that no token does, or have the exact one name every claim of the other", b.Issuer, other.claims, claims)
		}
	}
	if bound.session, err = i.compileSession(*b, claims.names(), t.entities); err != nil {
		return err
	}
	i.bindings = append(i.bindings, bound)
	t.bindings++
	return nil
}

// overlaps tells whether a token can match both, and neither is an exception from
// the other. An exact one is from a pattern, if it looks at all that the pattern
// does: with fewer claims it would take tokens that the pattern narrows down.
func (b *tokenBinding) overlaps(other *tokenBinding) bool {
	switch {
	case !b.claims.overlaps(other.claims):
		return false
	case b.exact == other.exact:
		return true
	case b.exact:
		return !b.claims.cover(other.claims)
	}
	return !other.claims.cover(b.claims)
}

// compileSession reads the session of b, which begins with a token of the issuer
// and so is as the issuer says that sessions are. Session policies allow what
// any of them allows, so that two lists of them would not limit each other.
func (i *issuer) compileSession(b Binding, names []string, e *sts.Entities) (*sessionTemplate, error) {
	switch {
	case len(i.policies) > 0 && len(b.Session) > 0:
		return nil, fmt.Errorf("issuer %q has session policies, and so has this credential; keep one of the two, since together they would allow what either allows", i.name)
	case len(b.Session) == 0:
		b.Session = i.policies
	}
	if i.namesSessions && !e.Trusting() {
		return nil, fmt.Errorf("issuer %q names sessions of roles that its tokens assume, and no role can be assumed; give one a trust policy, or leave session out, since a credential's principal names its own", i.name)
	}
	g, err := compileSession(&b, names, e)
	if err != nil || !sts.HasSession(g.kind) && e.Trusting() { // whose tags are for roles that it assumes
		return g, err
	}
	g.tagClaims = slices.Concat(g.tagClaims, i.tagClaims)
	return g, g.try(len(names), e)
}

// String lists the patterns, as in {sub: repo:acme/{name}}.
func (c claimPattern) String() string { return "{" + c.claim + ": " + c.pattern.String() + "}" }

// callerOf finds the caller that a token's claims are bound to; nil is nobody.
// Patterns without captures go before others.
func (i *issuer) callerOf(source Source, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
	for _, exact := range [...]bool{true, false} {
		var found *Caller
		for _, b := range i.bindings {
			if b.exact != exact {
				continue
			}
			captures, matches := b.claims.match(claims)
			if !matches {
				continue
			}
			caller, err := b.session.caller(source, captures, claims, e)
			if err != nil {
				return nil, hideWhere(err)
			}
			if found != nil && !found.same(caller) {
				return nil, fmt.Errorf("the token names two principals, %q and %q", found.Principal.ARN, caller.Principal.ARN)
			}
			found = caller
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, nil
}
