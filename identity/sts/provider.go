package sts

import (
	"slices"
	"strings"
)

// A Provider is an OpenID Connect identity provider, whose tokens assume roles.
type Provider struct {
	Name   string // the issuer's name, for denials
	URL    string // without https://, as in trust policies and condition keys
	mapped []string
}

// NewProvider returns the provider at a URL without https://.
func NewProvider(name, url string) *Provider { return &Provider{name, url, mappedClaimsOf(url)} }

// googleProvider is Google in trust policies.
const googleProvider = "accounts.google.com"

// PrincipalFor returns the provider as principal of a role's trust policy: its ARN in the
// role's account, or the domain of a provider that AWS supports without an ARN (IAM User
// Guide, "AWS JSON policy elements: Principal").
func (p *Provider) PrincipalFor(role *Entity) string {
	switch p.URL {
	case googleProvider, "cognito-identity.amazonaws.com":
		return p.URL
	}
	return strings.TrimSuffix(role.ARN, role.ARN[strings.Index(role.ARN, ":role/"):]) + ":oidc-provider/" + p.URL
}

// providerClaims lists the claims of identity providers that are condition keys of
// trust policies, each as PROVIDER:CLAIM.
type providerClaims struct {
	provider string // "*" matches one or more characters
	claims   string
}

const githubClaims = "actor actor_id enterprise_id environment job_workflow_ref ref repository repository_id repository_owner_id workflow"

const buildkiteClaims = "build_branch cluster_id cluster_name organization_id organization_slug pipeline_id pipeline_slug"

// mappedClaims returns the claims that AWS maps in addition to the default ones. Other
// claims are not condition keys in AWS, and so not here: a trust policy that uses one
// would mean something else in AWS. Sources: IAM User Guide, "IAM and AWS STS condition
// context keys", section "Available keys for AWS OIDC federation"; Service Authorization
// Reference, AWS STS, AssumeRoleWithWebIdentity.
func mappedClaims() []providerClaims {
	return []providerClaims{
		{"token.actions.githubusercontent.com", githubClaims},
		{"token.actions.githubusercontent.com/*", githubClaims},
		{"token.actions.*.ghe.com", githubClaims},
		{"github.com/enterprises/*", githubClaims},
		{"gitlab.com", "namespace_id pipeline_source project_id ref_protected runner_environment user_access_level user_email user_id user_login"},
		{"agent.buildkite.com", buildkiteClaims},
		{"agent.*.buildkite.dev", buildkiteClaims},
		{"agent.*.buildkite.site", buildkiteClaims},
		{"oidc.circleci.com/org/*", "oidc.circleci.com/project-id"},
		{"idcs-*.identity.oraclecloud.com", "rpst_id"},
	}
}

// matches reports whether the entry is for the provider.
func (c providerClaims) matches(provider string) bool {
	before, after, wild := strings.Cut(c.provider, "*")
	if !wild {
		return provider == c.provider
	}
	return len(provider) > len(before)+len(after) && strings.HasPrefix(provider, before) && strings.HasSuffix(provider, after)
}

// mappedClaimsOf returns the claims of the provider's tokens that AWS maps in addition to
// the default ones.
func mappedClaimsOf(provider string) []string {
	var claims []string
	for _, mapped := range mappedClaims() {
		if mapped.matches(provider) {
			claims = append(claims, strings.Fields(mapped.claims)...)
		}
	}
	return claims
}

// defaultKeys are the keys that AWS has for the tokens of every provider.
var defaultKeys = []string{"amr", "aud", "email", "oaud", "sub"}

// scalarClaims are claims that are never lists (RFC 7519, section 4.1; OpenID Connect Core
// 1.0, sections 2 and 5.1), without those that are default keys.
var scalarClaims = strings.Fields(`iss exp nbf iat jti
	auth_time nonce acr azp at_hash c_hash sid
	name given_name family_name middle_name nickname preferred_username profile picture
	website gender birthdate zoneinfo locale phone_number phone_number_verified address
	updated_at email_verified`)

// listClaims are the claims of the providers in mappedClaims that are lists of strings:
// the groups of GitLab's tokens, and the contexts of CircleCI's.
var listClaims = []string{"groups_direct", "oidc.circleci.com/context-ids"}

// IsTrustKey reports whether a claim of a provider's tokens can be the condition key
// PROVIDER:CLAIM of trust policies: it is one of [TrustKeys], or can be a list of
// strings. asList means that the condition compares a list, with ForAnyValue or
// ForAllValues. The claims of providers that AWS does not document are not known, so that
// a claim counts as a list if a condition compares it as one.
func IsTrustKey(provider, claim string, asList bool) bool {
	is := func(other string) bool { return strings.EqualFold(other, claim) }
	switch {
	case slices.ContainsFunc(TrustKeys(provider), is):
		return true
	case slices.ContainsFunc(scalarClaims, is):
		return false
	case len(mappedClaimsOf(provider)) > 0 || provider == googleProvider:
		return slices.ContainsFunc(listClaims, is)
	}
	return asList
}

// TrustKeys returns the claims of a provider's tokens that AWS maps to condition keys
// PROVIDER:CLAIM of trust policies, sorted.
func TrustKeys(provider string) []string {
	keys := slices.Concat(defaultKeys, mappedClaimsOf(provider))
	if provider == googleProvider {
		keys = append(keys, "google/organization_number")
	}
	slices.Sort(keys)
	return keys
}
