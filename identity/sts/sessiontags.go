package sts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity/oidc"
)

// Claims by which a token passes session tags and a source identity to AWS STS. The tags
// are in one claim or, for issuers that have no nested claims, in a claim each (IAM User
// Guide, "Pass session tags in AWS STS", AssumeRoleWithWebIdentity, and
// "Monitor and control actions taken with assumed roles").
const (
	awsClaims           = "https://aws.amazon.com/" // their common prefix
	tagsClaim           = "https://aws.amazon.com/tags"
	flatTagPrefix       = "https://aws.amazon.com/tags/principal_tags/"
	flatTransitiveClaim = "https://aws.amazon.com/tags/transitive_tag_keys"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

// sessionTags are the tags passed to a session, and the keys of those that are passed on in a
// chain of roles.
type sessionTags struct {
	tags       []Tag
	transitive []string
}

// sessionTagsOf returns other tags, of which some are transitive, and those that a token passes
// in AWS's claims. Tags that are malformed, beyond AWS's limits or repeated are an error.
func sessionTagsOf(claims oidc.Claims, others []Tag, transitive []string) (sessionTags, error) {
	s := sessionTags{tags: slices.Clip(others), transitive: slices.Clip(transitive)}
	if err := s.addNested(claims); err != nil {
		return sessionTags{}, err
	}
	if err := s.addFlat(claims); err != nil {
		return sessionTags{}, err
	}
	if err := CheckTags(s.tags); err != nil {
		return sessionTags{}, err
	}
	for _, key := range s.transitive {
		if findTag(s.tags, key) < 0 {
			return sessionTags{}, fmt.Errorf("the tag %q is transitive, and the session does not have it", oidc.Excerpt(key))
		}
	}
	return s, nil
}

// inherit adds the transitive tags of the session that assumes the role, which stay transitive.
func (s *sessionTags) inherit(from *CallerSpec) error {
	for _, key := range from.TransitiveTagKeys {
		if findTag(s.tags, key) >= 0 {
			return &TransitiveTagConflict{}
		}
	}
	for _, key := range from.TransitiveTagKeys {
		if i := findTag(from.Tags, key); i >= 0 {
			s.tags, s.transitive = append(s.tags, from.Tags[i]), append(s.transitive, key)
		}
	}
	return CheckTags(s.tags) // those of both sessions count
}

// A TransitiveTagConflict is the error of a session tag with the key of a tag that the session
// inherits.
type TransitiveTagConflict struct{}

// Error returns AWS's message.
func (*TransitiveTagConflict) Error() string {
	return "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
}

// addNested adds the tags of {"principal_tags": {KEY: [VALUE]}, "transitive_tag_keys": [KEY]}.
func (s *sessionTags) addNested(claims oidc.Claims) error {
	claim, found := claims[tagsClaim]
	if !found {
		return nil
	}
	malformed := fmt.Errorf("the claim %s is not {\"principal_tags\": {\"KEY\": [\"VALUE\"]}, \"transitive_tag_keys\": [\"KEY\"]}", tagsClaim)
	object, isObject := claim.(map[string]any)
	if !isObject {
		return malformed
	}
	for member, value := range object {
		switch member {
		case "principal_tags":
			tags, isObject := value.(map[string]any)
			if !isObject {
				return malformed
			}
			for _, key := range slices.Sorted(maps.Keys(tags)) {
				values, ok := stringList(tags[key])
				if !ok || len(values) != 1 {
					return malformed
				}
				s.tags = append(s.tags, Tag{key, values[0]})
			}
		case "transitive_tag_keys":
			keys, ok := stringList(value)
			if !ok {
				return malformed
			}
			s.transitive = append(s.transitive, keys...)
		default:
			return malformed
		}
	}
	return nil
}

// addFlat adds tags that have a claim each.
func (s *sessionTags) addFlat(claims oidc.Claims) error {
	for _, claim := range slices.Sorted(maps.Keys(claims)) {
		key, isTag := strings.CutPrefix(claim, flatTagPrefix)
		if !isTag {
			continue
		}
		value, isText := claims.Text(claim)
		if !isText {
			return diag.Problemf("a claim %sKEY must be a string", flatTagPrefix).WithRemedy("change the issuer's claim mapping")
		}
		s.tags = append(s.tags, Tag{key, value})
	}
	claim, found := claims[flatTransitiveClaim]
	if !found {
		return nil
	}
	keys, ok := stringList(claim)
	if !ok {
		return fmt.Errorf("the claim %s is not a list of strings", flatTransitiveClaim)
	}
	s.transitive = append(s.transitive, keys...)
	return nil
}

// stringList returns the elements of a list of strings.
func stringList(value any) ([]string, bool) {
	list, isList := value.([]any)
	if !isList {
		return nil, false
	}
	var all []string
	for _, element := range list {
		text, isText := element.(string)
		if !isText {
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}

// sourceIdentityOf returns the source identity that a token passes, "" for none.
func sourceIdentityOf(claims oidc.Claims) (string, error) {
	if _, found := claims[sourceIdentityClaim]; !found {
		return "", nil
	}
	identity, isText := claims.Text(sourceIdentityClaim)
	if !isText {
		return "", errors.New("the claim " + sourceIdentityClaim + " is not a string")
	}
	return identity, CheckSourceIdentity(identity)
}
