package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// tokenBinding maps the tokens of an issuer whose claims match patterns to callers.
type tokenBinding struct {
	claims   claimPatterns
	exact    bool // no pattern has a capture
	template *callerTemplate
}

// bindToken adds a binding of tokens.
func (auth *Authenticator) bindToken(b *Binding) error {
	var faults []error
	i := auth.issuerNamed(b.Issuer)
	if i == nil {
		i = &compiledIssuer{name: b.Issuer}
		if !b.MissesIssuer {
			faults = append(faults, diag.Problemf("issuer %q is not among the issuers", b.Issuer).WithRemedy("add it there"))
		}
	}
	if i.role != "" {
		faults = append(faults, diag.Problemf("issuer %q has a role, which all its tokens assume", b.Issuer).WithRemedy("bind its tokens, or keep the role"))
	}
	if b.Name != "" || len(b.Claims) == 0 {
		faults = append(faults, diag.Problemf("a token of issuer %q is identified by its claims", b.Issuer).WithRemedy("write at least one, such as sub"))
	}
	bound, err := i.compileBinding(b, auth.entities)
	if err := errors.Join(append(faults, err)...); err != nil {
		return err
	}
	i.bindings = append(i.bindings, bound)
	return nil
}

// compileBinding compiles a binding of tokens. It rejects one that overlaps with another.
func (i *compiledIssuer) compileBinding(b *Binding, e *sts.Entities) (*tokenBinding, error) {
	claims, err := compileClaims(b.Claims)
	if err != nil {
		if b.usesCaptures() {
			return nil, err // the templates depend on the captures
		}
		_, errCaller := i.compileCaller(*b, nil, e)
		return nil, errors.Join(err, errCaller)
	}
	bound := &tokenBinding{claims: claims, exact: len(claims.names()) == 0}
	for _, other := range i.bindings {
		if len(claims) > 0 && bound.overlaps(other) {
			err = diag.Problemf("two bindings of issuer %q overlap: a token can match %v and %v", b.Issuer, other.claims, claims).WithRemedy("change one so that no token does, or add every claim of the other to the one without captures")
			break
		}
	}
	template, errCaller := i.compileCaller(*b, claims.names(), e)
	bound.template = template
	return bound, errors.Join(err, errCaller)
}

// overlaps reports whether a token can match both bindings, neither of which is an
// exception from the other. An exact binding is an exception if it has every claim of
// the other: with fewer claims it would match tokens that the other excludes.
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

// compileCaller compiles the template of a binding of the issuer's tokens, with the
// tags and session policies of the issuer. Two lists of session policies would allow
// what either allows, so that only one of issuer and binding may have them.
func (i *compiledIssuer) compileCaller(b Binding, names []string, e *sts.Entities) (*callerTemplate, error) {
	var faults []error
	switch {
	case len(i.sessionPolicies) > 0 && len(b.SessionPolicies) > 0:
		faults = append(faults, diag.Problemf("issuer %q and this credential both have session policies, and together they would allow what either allows", i.name).WithRemedy("keep one of the two"))
	case len(b.SessionPolicies) == 0:
		b.SessionPolicies = i.sessionPolicies
	}
	if i.hasSessionName && !e.HasTrustPolicy() {
		faults = append(faults, diag.Problemf("issuer %q has a session name for the roles that its tokens assume, and no role can be assumed", i.name).WithRemedy("add a trust policy to a role, or leave session out: a credential's principal includes the name of its session"))
	}
	t, err := compileTemplates(&b, names)
	if t.hasSession(len(names)) || !e.HasTrustPolicy() { // otherwise the tags are for roles that it assumes
		t.tagClaims = slices.Concat(t.tagClaims, i.tagClaims)
	}
	return t, errors.Join(append(faults, err, t.check(len(names), e))...)
}

// callerOf returns the caller that a token's claims are bound to, nil for none. A
// binding without captures is an exception from those whose captures match the same
// values. A token that bindings map to two principals is an error: lists may match
// several bindings.
func (i *compiledIssuer) callerOf(source Source, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
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
	caller   *Caller         // nil if no binding has matched
	exact    []*tokenBinding // the bindings without captures that match
}

// try adds the caller of a binding, if the claims match it.
func (s *tokenSearch) try(b *tokenBinding) error {
	captures, matches, err := b.claims.match(s.claims)
	if !matches || err != nil {
		return err
	}
	caller, err := b.template.caller(s.source, captures, s.claims, s.entities)
	switch {
	case err != nil:
		return hideEntity(err)
	case s.caller != nil && !s.caller.equal(caller):
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

// noBinding returns the error of a token whose claims match no binding of the issuer.
// The detail lists the claims that the bindings match.
func (i *compiledIssuer) noBinding(claims oidc.Claims) *sts.AccessDenied {
	matched := map[string]bool{}
	for _, b := range i.bindings {
		for _, c := range b.claims {
			matched[c.claim] = true
		}
	}
	return &sts.AccessDenied{
		Reason: fmt.Sprintf("no principal is bound to the claims of this token of issuer %q", i.name),
		Detail: fmt.Sprintf("no credential with token: %s matches %s", i.name, describeClaims(claims, slices.Sorted(maps.Keys(matched)))),
	}
}

// otherClaims returns the error of a token that does not match the claims that all
// tokens of the issuer must have.
func (i *compiledIssuer) otherClaims(claims oidc.Claims) *sts.AccessDenied {
	var required []string
	for _, c := range i.claims {
		required = append(required, c.claim)
	}
	return &sts.AccessDenied{
		Reason: fmt.Sprintf("the token's claims are not those that tokens of issuer %q must have", i.name),
		Detail: fmt.Sprintf("the issuer requires %v, and the token has %s", i.claims, describeClaims(claims, required)),
	}
}
