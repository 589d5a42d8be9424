package sts

import (
	"strconv"
	"strings"

	"extauthz/iam"
	"extauthz/oidc"
)

// A trustClaims entry says which claims of an identity provider AWS gives to
// trust policies, each as PROVIDER:CLAIM.
type trustClaims struct {
	provider string // "*" stands for one or more characters
	claims   string
}

const githubClaims = "actor actor_id enterprise_id environment job_workflow_ref ref repository repository_id repository_owner_id workflow"

const buildkiteClaims = "build_branch cluster_id cluster_name organization_id organization_slug pipeline_id pipeline_slug"

// mappedClaims lists the claims that AWS maps beside the default ones. Other
// claims are no condition keys there, and so none here: a trust policy that asks
// for one would mean something else on AWS. Sources: IAM User Guide, "IAM and
// AWS STS condition context keys", section "Available keys for AWS OIDC
// federation"; Service Authorization Reference, AWS STS,
// AssumeRoleWithWebIdentity.
func mappedClaims() []trustClaims {
	return []trustClaims{
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

// matches tells whether the provider is one that the entry is for.
func (c trustClaims) matches(provider string) bool {
	before, after, wild := strings.Cut(c.provider, "*")
	if !wild {
		return provider == c.provider
	}
	return len(provider) > len(before)+len(after) && strings.HasPrefix(provider, before) && strings.HasSuffix(provider, after)
}

// mappedBy lists the claims that AWS maps of the provider's tokens, beside the
// default ones.
func mappedBy(provider string) []string {
	var claims []string
	for _, mapped := range mappedClaims() {
		if mapped.matches(provider) {
			claims = append(claims, strings.Fields(mapped.claims)...)
		}
	}
	return claims
}

// trustKeys are the condition keys that a trust policy sees of a token: the
// default ones, and those of its provider. A claim that is absent, or no string,
// is no key.
func (p *Provider) trustKeys(token *oidc.Token) iam.Context {
	k := trustContext{provider: p.URL, claims: token.Claims}
	k.audience(token.Audience)
	k.add("sub")
	k.add("email")
	k.amr()
	if p.URL == "accounts.google.com" {
		k.organization()
	}
	for _, claim := range p.mapped {
		k.add(claim)
	}
	return k.context
}

// trustContext gathers the keys of one token.
type trustContext struct {
	provider string
	claims   oidc.Claims
	context  iam.Context
}

func (k *trustContext) set(key, value string) {
	k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":" + key, Value: value})
}

// add sets the key that is called as the claim.
func (k *trustContext) add(claim string) {
	if text, found := k.claims.Text(claim); found {
		k.set(claim, text)
	}
}

// audience sets aud and oaud. A token that says who asked for it (azp) has that
// as aud; oaud is always the audience it was made for.
func (k *trustContext) audience(audience string) {
	k.set("oaud", audience)
	if azp, found := k.claims.Text("azp"); found && azp != "" {
		audience = azp
	}
	k.set("aud", audience)
}

// amr sets the authentication methods, of which there may be several.
func (k *trustContext) amr() {
	if methods, ok := texts(k.claims["amr"]); ok {
		k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":amr", Values: methods, Multi: true})
		return
	}
	k.add("amr")
}

// organization sets the number of the organization of a Google service account.
// Beyond 2^53 it would be rounded, and so is no key.
func (k *trustContext) organization() {
	google, _ := k.claims["google"].(map[string]any)
	number, isNumber := google["organization_number"].(float64)
	if isNumber && number > 0 && number < 1<<53 && number == float64(int64(number)) {
		k.set("google/organization_number", strconv.FormatInt(int64(number), 10))
	}
}
