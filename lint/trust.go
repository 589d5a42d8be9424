package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/sts"
)

// trust checks the statements of trust policies.
func (l *linter) trust(d *document, s *statement) {
	if d.policy.Kind != iam.TrustPolicy {
		return
	}
	l.sharedProvider(d, s)
	l.unmetAudience(d, s)
	l.absentClaims(d, s)
}

// unmetAudience finds Allows that require an audience which neither a registry nor the
// issuer accepts.
func (l *linter) unmetAudience(d *document, s *statement) {
	if s.Statement.Effect != iam.Allow {
		return
	}
	for _, issuer := range l.contents.Issuers {
		isOf := func(p iam.PrincipalSyntax) bool { return p.Type == "Federated" && isProvider(p.Text, issuer.Provider) }
		if issuer.Provider == "accounts.google.com" || !slices.ContainsFunc(s.Principals, isOf) { // the aud of Google's tokens is in azp
			continue
		}
		accepted := slices.Clone(issuer.ForeignAudiences)
		for _, r := range l.registries {
			accepted = append(accepted, r.Authentication.Audiences...)
		}
		for _, c := range s.Conditions {
			if strings.EqualFold(c.Key.Text, issuer.Provider+":aud") && matchesNone(c, accepted) {
				l.report(d.at(c.Key.At), "unmet-audience",
					messagef("tokens of issuer %q are accepted with the audience %q; the condition requires another", issuer.Name, accepted[len(accepted)-1]),
					messagef("add that audience to the values"))
			}
		}
	}
}

// isProvider reports whether a principal of a trust policy is the provider.
func isProvider(text, provider string) bool {
	return text == provider || strings.HasSuffix(text, ":oidc-provider/"+provider)
}

// matchesNone reports whether a condition matches none of the values. One with wildcards
// or variables may match any.
func matchesNone(c condition, values []string) bool {
	if c.Negated || c.Base != "StringEquals" && c.Base != "StringLike" || len(values) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(e iam.Entry) bool {
		return strings.ContainsAny(e.Text, "*?$") || slices.Contains(values, e.Text)
	})
}

// absentClaims finds conditions on claims that the tokens of the statement's providers
// never have: claims that are not condition keys, and claims of another provider.
func (l *linter) absentClaims(d *document, s *statement) {
	providers := s.providers()
	if len(providers) == 0 {
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
		l.report(d.at(c.Key.At), "absent-claim",
			messagef("condition key %q: no token of %s has it, so %s", c.Key.Text, provider, withoutKey(c)),
			messagef("use one of the keys that trust policies have for these tokens: %s", strings.Join(sts.TrustKeys(provider), ", ")))
	}
}

// providers returns the OpenID Connect providers of a statement of a trust policy, nil
// if the statement has other principals too.
func (s *statement) providers() []string {
	var providers []string
	for _, p := range s.Principals {
		_, provider, isOIDC := strings.Cut(p.Text, ":oidc-provider/")
		if !isOIDC {
			provider = p.Text
		}
		if p.Type != "Federated" || s.NotPrincipal || !isDomain(provider) || isOAuthProvider(provider) {
			return nil
		}
		providers = append(providers, provider)
	}
	return providers
}

// givesKey reports whether tokens of a provider can give a condition's key to a trust
// policy. Keys that are not claims, such as aws:SourceIp, do not depend on the token. A
// claim that is a list can be used with set operators and Null.
func givesKey(provider string, c condition) bool {
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

// isDomain reports whether a text begins with the domain of a provider. The prefix of a
// service has no dot.
func isDomain(text string) bool {
	host, _, _ := strings.Cut(text, "/")
	return strings.Contains(host, ".") && !strings.ContainsAny(host, ":*")
}

// isOAuthProvider reports whether a provider's tokens are not OpenID Connect tokens.
// They have other keys, and extauthz does not verify them (IAM User Guide, "IAM and AWS
// STS condition context keys").
func isOAuthProvider(provider string) bool {
	return provider == "www.amazon.com" || provider == "graph.facebook.com"
}
