package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/iam"
	"extauthz/identity"
)

// audience is whom a registry's tokens are made for.
type audience struct {
	chosen bool         // the operator named them; otherwise they are the hosts
	place  iam.Position // in registries.yaml
}

// checkAudiences refuses two registries that take each other's tokens without
// having been told to: a token for one would count at the other. Where there are
// no issuers, there are no tokens.
func (all registries) checkAudiences(of []Issuer) error {
	if len(of) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(all))
	for i, name := range names {
		for _, before := range names[:i] {
			r, other := all[name], all[before]
			shared := r.sharedAudience(other)
			if shared == "" || r.audience.chosen && other.audience.chosen {
				continue
			}
			if r.audience.chosen {
				r = other
			}
			return fmt.Errorf("registries.yaml:%d:%d: registries %q and %q share host %q, so that a token made for one would count at the other; write the audiences of each",
				r.audience.place.Line, r.audience.place.Column, before, name, shared)
		}
	}
	return nil
}

// sharedAudience is one whose tokens both take, "" for none.
func (r *Registry) sharedAudience(other *Registry) string {
	if !takesTokens(&r.Authentication) || !takesTokens(&other.Authentication) {
		return ""
	}
	for _, a := range r.Authentication.Audiences {
		if slices.Contains(other.Authentication.Audiences, a) {
			return a
		}
	}
	return ""
}

// takesTokens tells whether some source finds tokens.
func takesTokens(rules *identity.Config) bool {
	return len(rules.Sources) == 0 || slices.ContainsFunc(rules.Sources, identity.Source.TakesTokens)
}
