package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
	"extauthz/policystore/config"
)

// githubProvider is the name of the issuer of GitHub Actions in trust policies.
const githubProvider = "token.actions.githubusercontent.com"

// identifyingClaims returns the claims that identify the organization of a token, for
// issuers at which anyone can have an account; nil for other issuers.
func identifyingClaims(provider string) []string {
	switch provider {
	case githubProvider:
		return []string{"sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "enterprise", "enterprise_id", "job_workflow_ref"}
	case "gitlab.com":
		return []string{"sub", "namespace_id", "namespace_path", "project_id", "project_path"}
	case "agent.buildkite.com":
		return []string{"sub", "organization_id", "organization_slug", "pipeline_id", "cluster_id"}
	case "app.terraform.io", "oidc.vercel.com":
		return []string{"sub"}
	case "accounts.google.com":
		return []string{"sub", "email"}
	case "cognito-identity.amazonaws.com":
		return []string{"aud"}
	}
	return nil
}

// sharedProvider finds trust policies that accept the tokens of every user of a shared
// issuer.
func (l *linter) sharedProvider(d *document, s *statement) {
	if s.Statement.Effect != iam.Allow {
		return
	}
	for _, p := range s.Principals {
		provider := p.Text[strings.Index(p.Text, ":oidc-provider/")+1:]
		provider = strings.TrimPrefix(provider, "oidc-provider/")
		claims := identifyingClaims(provider)
		if p.Type != "Federated" || len(claims) == 0 || l.issuerIsLimited(provider, claims) {
			continue
		}
		if !slices.ContainsFunc(s.Conditions, func(c condition) bool { return s.limitsToOwn(c, provider, claims) }) {
			l.report(d.at(p.At), "shared-issuer",
				messagef("anyone with an account at %s can assume this role", provider),
				messagef("add a condition on %s:%s that contains the whole name of your organization", provider, claims[0]))
		}
	}
}

// sharedCredentials finds credentials that match the tokens of every user of a shared
// issuer.
func (l *linter) sharedCredentials() {
	for _, c := range l.contents.Credentials {
		for _, i := range l.contents.Issuers {
			claims := identifyingClaims(i.Provider)
			if c.Issuer != i.Name || len(claims) == 0 || hasOwnClaim(i.Provider, i.Claims, claims) || hasOwnClaim(i.Provider, c.Claims, claims) {
				continue
			}
			l.report(c.Position, "shared-issuer",
				messagef("the tokens of anyone with an account at %s can match this credential", i.Provider),
				messagef("add the claim %s with the whole name of your organization", claims[0]))
		}
	}
}

// limitsToOwn reports whether a condition requires a value of a claim that only tokens
// of one organization have.
func (s *statement) limitsToOwn(c condition, provider string, claims []string) bool {
	claim, found := strings.CutPrefix(strings.ToLower(c.Key.Text), provider+":")
	return found && slices.Contains(claims, claim) && s.requires(c) && len(c.Values) > 0 &&
		!slices.ContainsFunc(c.Values, func(e iam.Entry) bool { return !isOwn(provider, claim, e.Text) })
}

// ownPrefix is the name of an organization and the character that ends it. githubSubject
// is the same in the sub of GitHub's tokens, where an ID may follow the name.
var (
	ownPrefix     = regexp.MustCompile(`^[^/:]+[/:]`)
	githubSubject = regexp.MustCompile(`^[^/:@]+[/:@]`)
)

// isOwn reports whether a value with wildcards, variables or captures matches the
// tokens of one organization only. It must contain the whole name of the organization
// with the character that ends it: repo:acme/ or organization:acme: or, in a claim that
// is a path, acme/. In the sub of GitHub's tokens an @ ends it too, as in
// repo:acme@123456/: no name there contains one (GitHub Docs, "OpenID Connect
// reference", section "Immutable subject claims").
func isOwn(provider, claim, value string) bool {
	wild := strings.IndexAny(value, "*?{")
	if wild < 0 {
		return value != ""
	}
	before := value[:wild]
	if kind, rest, found := strings.Cut(before, ":"); found && !strings.Contains(kind, "/") {
		before = rest
	}
	if provider == githubProvider && claim == "sub" {
		return githubSubject.MatchString(before)
	}
	return ownPrefix.MatchString(before)
}

// issuerIsLimited reports whether principals.yaml limits the tokens of a provider to
// one organization.
func (l *linter) issuerIsLimited(provider string, claims []string) bool {
	return slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		return i.Provider == provider && hasOwnClaim(i.Provider, i.Claims, claims)
	})
}

func hasOwnClaim(provider string, patterns map[string]string, claims []string) bool {
	return slices.ContainsFunc(claims, func(claim string) bool { return isOwn(provider, claim, patterns[claim]) })
}

// foreignAudiences finds issuers whose tokens are accepted although they are for another
// service.
func (c *configLinter) foreignAudiences() {
	for _, issuer := range c.contents.Configured.Issuers {
		for _, audience := range issuer.ForeignAudiences {
			c.report(config.InPrincipals(audience.At), "foreign-audience",
				messagef("issuer %q: tokens for %q are accepted, although they are for another service; anyone who can read tokens here could use them there", issuer.Name.Text, audience.Text), message{})
		}
	}
}
