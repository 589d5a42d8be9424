package identity

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// tagClaim is a session tag whose value is a claim.
type tagClaim struct{ key, claim string }

func compileTagClaims(claims map[string]string) ([]tagClaim, error) {
	var compiled []tagClaim
	for _, key := range slices.Sorted(maps.Keys(claims)) {
		if claims[key] == "" {
			return nil, fmt.Errorf("session tag %q has no claim; name the one that has its value", key)
		}
		compiled = append(compiled, tagClaim{key, claims[key]})
	}
	return compiled, nil
}

// tagsFrom reads session tags from their claims. A claim that is absent makes
// no tag; one that is not a string is an error.
func tagsFrom(wanted []tagClaim, claims oidc.Claims) ([]sts.Tag, error) {
	var tags []sts.Tag
	for _, w := range wanted {
		if _, found := claims[w.claim]; !found {
			continue
		}
		value, isText := claims.Text(w.claim)
		switch {
		case isList(claims, w.claim):
			return nil, fmt.Errorf("the claim %q, from which session tag %q is made, is a list and not a string, and a tag has one value", w.claim, w.key)
		case !isText:
			return nil, fmt.Errorf("the claim %q, from which session tag %q is made, is not a string", w.claim, w.key)
		}
		tags = append(tags, sts.Tag{Key: w.key, Value: value})
	}
	return tags, nil
}
