package identity

import (
	"fmt"

	"extauthz/oidc"
)

// tokenBinding binds the tokens of an issuer whose claims match patterns.
type tokenBinding struct {
	claims claimPatterns
	exact  bool // no pattern has a capture
	grant  *grant
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
		if other.exact == bound.exact && other.claims.overlaps(claims) {
			return fmt.Errorf("two bindings of issuer %q overlap: a token can match %v and %v; change one so that no token does", b.Issuer, other.claims, claims)
		}
	}
	if bound.grant, err = compileGrant(b, claims.names(), t.entities); err != nil {
		return err
	}
	i.bindings = append(i.bindings, bound)
	t.bindings++
	return nil
}

// String lists the patterns, as in {sub: repo:acme/{name}}.
func (c claimPattern) String() string { return "{" + c.claim + ": " + c.pattern.String() + "}" }

// bound finds the caller that a token's claims are bound to; nil is nobody.
// Patterns without captures go before others.
func (i *issuer) bound(source Source, claims oidc.Claims, e *Entities) (*Caller, error) {
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
			caller, err := b.grant.caller(source.String(), captures, claims, e)
			if err != nil {
				return nil, err
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
