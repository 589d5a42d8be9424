package identity

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/capture"
	"extauthz/oidc"
)

// claimPatterns are patterns that claims of a token match, all of them, in the
// order of the claims' names.
type claimPatterns []claimPattern

type claimPattern struct {
	claim   string
	pattern *capture.Pattern
}

// compileClaims reads patterns by claim. A capture's name occurs once.
func compileClaims(patterns map[string]string) (claimPatterns, error) {
	var compiled claimPatterns
	for _, claim := range slices.Sorted(maps.Keys(patterns)) {
		p, err := capture.CompilePattern(patterns[claim])
		if err != nil {
			return nil, fmt.Errorf("claim %q: %w", claim, err)
		}
		for _, name := range p.Names() {
			if slices.Contains(compiled.names(), name) {
				return nil, fmt.Errorf("claim %q: {%s} is captured from another claim already; name it otherwise", claim, name)
			}
		}
		compiled = append(compiled, claimPattern{claim, p})
	}
	return compiled, nil
}

// names are the names of all captures, in order.
func (p claimPatterns) names() []string {
	var names []string
	for _, c := range p {
		names = append(names, c.pattern.Names()...)
	}
	return names
}

// match tells whether every pattern has its claim, a string that it matches.
func (p claimPatterns) match(claims oidc.Claims) (capture.Values, bool) {
	var all capture.Values
	for _, c := range p {
		text, found := claims.Text(c.claim)
		if !found {
			return nil, false
		}
		captures, matches := c.pattern.Match(text)
		if !matches {
			return nil, false
		}
		all = append(all, captures...)
	}
	return all, true
}

// overlaps tells whether one token can match both: some claim that both want
// keeps them apart, or nothing does.
func (p claimPatterns) overlaps(q claimPatterns) bool {
	for _, c := range p {
		for _, d := range q {
			if c.claim == d.claim && !c.pattern.Overlaps(d.pattern) {
				return false
			}
		}
	}
	return true
}

// cover tells whether every claim of q is one of p's.
func (p claimPatterns) cover(q claimPatterns) bool {
	for _, c := range q {
		if !slices.ContainsFunc(p, func(d claimPattern) bool { return d.claim == c.claim }) {
			return false
		}
	}
	return true
}
