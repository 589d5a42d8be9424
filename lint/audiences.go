package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// unmetAudience finds trust policies that want tokens of an issuer made for an
// audience that neither a registry nor the issuer takes.
func (l *linter) unmetAudience(d *document, s *statement) {
	if d.policy.Kind != iam.TrustPolicy || s.Statement.Effect != iam.Allow {
		return
	}
	for _, issuer := range l.contents.Issuers {
		isOf := func(p iam.WrittenPrincipal) bool { return p.Type == "Federated" && isProvider(p.Text, issuer.Provider) }
		if issuer.Provider == "accounts.google.com" || !slices.ContainsFunc(s.Principals, isOf) { // Google's has azp in its aud
			continue
		}
		taken := slices.Clone(issuer.ForeignAudiences)
		for _, r := range l.registries {
			taken = append(taken, r.Authentication.Audiences...)
		}
		for _, c := range s.Conditions {
			if strings.EqualFold(c.Key.Text, issuer.Provider+":aud") && neverMet(c, taken) {
				l.report(d.policy.Source, c.Key.Position, "unmet-audience", "no token of issuer %q has such an audience here, where tokens are made for %q; add that audience to the values", issuer.Name, taken[len(taken)-1])
			}
		}
	}
}

// neverMet tells whether a condition wants none of the values. One with wildcards or
// variables may want any.
func neverMet(c iam.WrittenCondition, of []string) bool {
	if c.Negated || c.Base != "StringEquals" && c.Base != "StringLike" || len(of) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(w iam.Word) bool {
		return strings.ContainsAny(w.Text, "*?$") || slices.Contains(of, w.Text)
	})
}
