package sts

import (
	"slices"
	"strings"
)

// scalarClaims are the claims that are never lists (RFC 7519, section 4.1; OpenID
// Connect Core 1.0, sections 2 and 5.1), without those that are default keys.
var scalarClaims = strings.Fields(`iss exp nbf iat jti
	auth_time nonce acr azp at_hash c_hash sid
	name given_name family_name middle_name nickname preferred_username profile picture
	website gender birthdate zoneinfo locale phone_number phone_number_verified address
	updated_at email_verified`)

// listClaims are the claims of the providers that AWS knows which are lists of strings:
// the groups of GitLab's tokens, and the contexts of CircleCI's.
var listClaims = []string{"groups_direct", "oidc.circleci.com/context-ids"}

// IsTrustKey reports whether trust policies can see a claim of a provider's tokens, as
// the condition key PROVIDER:CLAIM: it is one of TrustKeys, or can be a list of
// strings. asList says that the condition compares a list, with ForAnyValue or
// ForAllValues. The claims of providers that AWS does not know are not known here
// either, so that a claim is a list where a condition compares it as one.
func IsTrustKey(provider, claim string, asList bool) bool {
	is := func(other string) bool { return strings.EqualFold(other, claim) }
	switch {
	case slices.ContainsFunc(TrustKeys(provider), is):
		return true
	case slices.ContainsFunc(scalarClaims, is):
		return false
	case len(mappedBy(provider)) > 0 || provider == googleProvider:
		return slices.ContainsFunc(listClaims, is)
	}
	return asList
}

// TrustKeys returns the claims of a provider's tokens that AWS gives to trust policies,
// each as the condition key PROVIDER:CLAIM, ordered (see mappedClaims for the sources).
func TrustKeys(provider string) []string {
	keys := slices.Concat(defaultKeys, mappedBy(provider))
	if provider == googleProvider {
		keys = append(keys, "google/organization_number")
	}
	slices.Sort(keys)
	return keys
}

// googleProvider is what trust policies call Google.
const googleProvider = "accounts.google.com"
