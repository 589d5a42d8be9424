package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/sts"
)

// absentClaims finds conditions of trust policies on claims that the tokens which the
// statement is about never give them: of a claim that is not a condition key, and of
// another provider.
func (l *linter) absentClaims(d *document, s *statement) {
	providers := s.providers()
	if d.policy.Kind != iam.TrustPolicy || len(providers) == 0 {
		return
	}
	for _, c := range s.Conditions {
		if slices.ContainsFunc(providers, func(provider string) bool { return givesKey(provider, c) }) {
			continue
		}
		provider := providers[0]
		if i := slices.IndexFunc(providers, func(p string) bool { return isKeyOf(p, c.Key.Text) }); i >= 0 {
			provider = providers[i]
		}
		l.report(d.policy.Source, c.Key.Position, "absent-claim", "condition key %q: no token of %s has it, so that %s; trust policies see of these tokens %s",
			c.Key.Text, provider, outcome(s.Statement.Effect, c), strings.Join(sts.TrustKeys(provider), ", "))
	}
}

// providers returns the OpenID Connect providers that a statement of a trust policy is
// about, nil if it is about others too.
func (s *statement) providers() []string {
	var providers []string
	for _, p := range s.Principals {
		_, provider, isOIDC := strings.Cut(p.Text, ":oidc-provider/")
		if !isOIDC {
			provider = p.Text
		}
		if p.Type != "Federated" || s.NotPrincipal || !isDomain(provider) || withoutTokens(provider) {
			return nil
		}
		providers = append(providers, provider)
	}
	return providers
}

// givesKey reports whether tokens of a provider can give a condition's key to a trust
// policy. Keys that are not claims, such as aws:SourceIp, do not depend on the token. A
// claim that is a list gives a key that set operators and Null can ask about.
func givesKey(provider string, c iam.WrittenCondition) bool {
	if !isKeyOf(provider, c.Key.Text) {
		before, _, _ := strings.Cut(c.Key.Text, ":")
		return !isDomain(before)
	}
	return sts.IsTrustKey(provider, c.Key.Text[len(provider)+1:], c.Set != "" || c.Base == "Null")
}

// isKeyOf reports whether a condition key is for a claim of a provider's tokens.
func isKeyOf(provider, key string) bool {
	return len(key) > len(provider) && key[len(provider)] == ':' && strings.EqualFold(key[:len(provider)], provider)
}

// isDomain reports whether a text begins with the domain of a provider. No service's
// prefix has a dot.
func isDomain(text string) bool {
	host, _, _ := strings.Cut(text, "/")
	return strings.Contains(host, ".") && !strings.ContainsAny(host, ":*")
}

// withoutTokens reports whether a provider's tokens are not those of OpenID Connect, so
// that they have other keys and nothing here verifies them (IAM User Guide, "IAM and AWS
// STS condition context keys").
func withoutTokens(provider string) bool {
	return provider == "www.amazon.com" || provider == "graph.facebook.com"
}
