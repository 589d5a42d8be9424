package identity

import (
	"fmt"
	"slices"

	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// tokenBinding binds the tokens of an issuer whose claims match patterns.
type tokenBinding struct {
	claims  claimPatterns
	exact   bool // no pattern has a capture
	session *sessionTemplate
}

func (t *Authenticator) bindToken(b *Binding) error {
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
	case len(i.policies) > 0 && len(b.SessionPolicies) > 0:
		return nil, fmt.Errorf("issuer %q has session policies, and so has this credential; keep one of the two, since together they would allow what either allows", i.name)
	case len(b.SessionPolicies) == 0:
		b.SessionPolicies = i.policies
	}
	if i.namesSessions && !e.HasTrustPolicy() {
		return nil, fmt.Errorf("issuer %q names sessions of roles that its tokens assume, and no role can be assumed; give one a trust policy, or leave session out, since a credential's principal names its own", i.name)
	}
	g, err := compileSession(&b, names, e)
	if err != nil || !sts.HasSession(g.kind) && e.HasTrustPolicy() { // whose tags are for roles that it assumes
		return g, err
	}
	g.tagClaims = slices.Concat(g.tagClaims, i.tagClaims)
	return g, g.try(len(names), e)
}

// String lists the patterns, as in {sub: repo:acme/{name}}.
func (c claimPattern) String() string { return "{" + c.claim + ": " + c.pattern.String() + "}" }

// callerOf returns the caller that a token's claims are bound to, nil for none. A
// binding without captures is an exception from those whose captures match the same
// values. A token that bindings map to two principals is an error: lists may match
// several bindings.
func (i *issuer) callerOf(source Source, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
	s := tokenSearch{source: source, claims: claims, entities: e}
	for _, b := range i.bindings {
		if b.exact {
			if err := s.try(b); err != nil {
				return nil, err
			}
		}
	}
	for _, b := range i.bindings {
		if !b.exact && !s.hasExceptionFrom(b) {
			if err := s.try(b); err != nil {
				return nil, err
			}
		}
	}
	return s.caller, nil
}

// A tokenSearch is the search for the caller that a token's claims are bound to.
type tokenSearch struct {
	source   Source
	claims   oidc.Claims
	entities *sts.Entities
	caller   *Caller         // nil for none so far
	exact    []*tokenBinding // the bindings without captures that match
}

// try adds the caller of a binding, if the claims match it.
func (s *tokenSearch) try(b *tokenBinding) error {
	captures, matches, err := b.claims.match(s.claims)
	if !matches || err != nil {
		return err
	}
	caller, err := b.session.caller(s.source, captures, s.claims, s.entities)
	switch {
	case err != nil:
		return hideWhere(err)
	case s.caller != nil && !s.caller.same(caller):
		return fmt.Errorf("the token names two principals, %q and %q", s.caller.Principal.ARN, caller.Principal.ARN)
	case b.exact:
		s.exact = append(s.exact, b)
	}
	s.caller = caller
	return nil
}

func (s *tokenSearch) hasExceptionFrom(b *tokenBinding) bool {
	return slices.ContainsFunc(s.exact, func(e *tokenBinding) bool { return e.claims.isExceptionFrom(b.claims, s.claims) })
}
