package sts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"extauthz/iam"
	"extauthz/identity/oidc"
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

// trustKeys returns the condition keys that a trust policy sees of a token: the
// default ones, those of its provider, and claims that are lists of strings, such as
// groups. A claim that is absent or of another type is not a key.
func (p *Provider) trustKeys(token *oidc.Token) (iam.Context, error) {
	k := trustContext{provider: p.URL, claims: token.Claims}
	k.audience(token.Audience)
	k.add("sub")
	k.add("email")
	k.amr()
	if p.URL == googleProvider {
		k.organization()
	}
	for _, claim := range p.mapped {
		k.add(claim)
	}
	return k.context, k.lists(p.mapped)
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

// lists sets a multivalued key for each claim that is a list of strings, for
// ForAnyValue and ForAllValues. AWS maps no such claim except amr: the keys are there
// for the issuers that AWS does not know, which send groups as a list. A list of
// strings and other values is an error, because a Deny could depend on what is left
// out, and so is a claim whose name is another key in other case.
func (k *trustContext) lists(mapped []string) error {
	for _, claim := range k.listClaims() {
		list, _ := k.claims.List(claim)
		values, mixed := stringsOf(list)
		switch {
		case len(values) == 0:
		case mixed:
			return fmt.Errorf("the claim %q is a list of strings and other values, which a trust policy cannot compare", short(claim))
		case k.isKey(claim, mapped):
			return fmt.Errorf("the claim %q is a list whose condition key is that of another claim", short(claim))
		default:
			k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":" + claim, Values: values, Multi: true})
		}
	}
	return nil
}

// listClaims returns the names of the claims that are lists, in order, without those
// that have keys of their own.
func (k *trustContext) listClaims() (names []string) {
	for claim := range k.claims {
		_, isList := k.claims.List(claim)
		if isList && claim != "aud" && claim != "amr" && !strings.HasPrefix(claim, awsClaims) {
			names = append(names, claim)
		}
	}
	slices.Sort(names)
	return names
}

// isKey reports whether the key of a claim is there already, or is one of those that
// AWS gives to a claim whose name is spelt in other case.
func (k *trustContext) isKey(claim string, mapped []string) bool {
	if _, taken := k.context.Lookup(k.provider + ":" + claim); taken {
		return true
	}
	return slices.ContainsFunc(slices.Concat(defaultKeys, mapped), func(key string) bool {
		return key != claim && strings.EqualFold(key, claim)
	})
}

// defaultKeys are the keys that AWS has for the tokens of every provider.
var defaultKeys = []string{"amr", "aud", "email", "oaud", "sub"}

// stringsOf returns the strings of a list, and reports whether there are other
// elements.
func stringsOf(list []any) (values []string, mixed bool) {
	for _, element := range list {
		text, isText := element.(string)
		if !isText {
			mixed = true
			continue
		}
		values = append(values, text)
	}
	return values, mixed
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
