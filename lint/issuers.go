package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// githubProvider is what trust policies call the issuer of GitHub Actions.
const githubProvider = "token.actions.githubusercontent.com"

// sharedClaims are the claims by which tokens of an issuer that the whole world
// has accounts at are told apart; none for other issuers.
func sharedClaims(provider string) []string {
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

// sharedProvider finds trust policies that take every token of an issuer that
// many people share.
func (l *linter) sharedProvider(d *document, s *statement) {
	if d.policy.Kind != iam.TrustPolicy || s.Statement.Effect != iam.Allow {
		return
	}
	for _, p := range s.Principals {
		provider := p.Text[strings.Index(p.Text, ":oidc-provider/")+1:]
		provider = strings.TrimPrefix(provider, "oidc-provider/")
		claims := sharedClaims(provider)
		if p.Type != "Federated" || len(claims) == 0 || l.issuerLimits(provider, claims) {
			continue
		}
		if !slices.ContainsFunc(s.Conditions, func(c iam.WrittenCondition) bool { return s.narrows(c, provider, claims) }) {
			l.report(d.policy.Source, p.Position, "shared-issuer", "whoever has an account at %s can assume this role; add a condition that %s:%s is yours, up to the name of your organization", provider, provider, claims[0])
		}
	}
}

// narrows tells whether a condition asks for one's own value of a claim.
func (s *statement) narrows(c iam.WrittenCondition, provider string, claims []string) bool {
	claim, found := strings.CutPrefix(strings.ToLower(c.Key.Text), provider+":")
	return found && slices.Contains(claims, claim) && s.demands(c) && len(c.Values) > 0 &&
		!slices.ContainsFunc(c.Values, func(w iam.Word) bool { return !isOwn(provider, claim, w.Text) })
}

// ownBeginning is the name of an organization and what ends it; ownSubject is the
// same in the sub of GitHub's tokens, where an ID may follow the name.
var (
	ownBeginning = regexp.MustCompile(`^[^/:]+[/:]`)
	ownSubject   = regexp.MustCompile(`^[^/:@]+[/:@]`)
)

// isOwn reports whether a value with wildcards, variables or captures matches the
// tokens of one organization only. The name of an organization must be there in
// full, with what ends it: repo:acme/ or organization:acme: or, in a claim that is a
// path, acme/. In the sub of GitHub's tokens an @ ends it too, as in
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
		return ownSubject.MatchString(before)
	}
	return ownBeginning.MatchString(before)
}

// issuerLimits tells whether principals.yaml narrows all tokens of a provider.
func (l *linter) issuerLimits(provider string, claims []string) bool {
	return slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		return i.Provider == provider && ownClaims(i.Provider, i.Claims, claims)
	})
}

func ownClaims(provider string, patterns map[string]string, claims []string) bool {
	return slices.ContainsFunc(claims, func(claim string) bool { return isOwn(provider, claim, patterns[claim]) })
}

// credentials finds credentials that every token of a shared issuer is.
func (l *linter) credentials() {
	for _, c := range l.contents.Credentials {
		for _, i := range l.contents.Issuers {
			claims := sharedClaims(i.Provider)
			if c.Issuer != i.Name || len(claims) == 0 || ownClaims(i.Provider, i.Claims, claims) || ownClaims(i.Provider, c.Claims, claims) {
				continue
			}
			l.report(c.Source, c.Position, "shared-issuer", "tokens of whoever has an account at %s can match this credential; add a claim %s that is yours, up to the name of your organization", i.Provider, claims[0])
		}
	}
}
