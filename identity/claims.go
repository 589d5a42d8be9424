package identity

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// claimPatterns are patterns that claims of a token match, all of them, in the
// order of the claims' names.
type claimPatterns []claimPattern

type claimPattern struct {
	claim   string
	pattern *nametemplate.Pattern
}

// compileClaims reads patterns by claim. A capture's name occurs once.
func compileClaims(patterns map[string]string) (claimPatterns, error) {
	var compiled claimPatterns
	for _, claim := range slices.Sorted(maps.Keys(patterns)) {
		p, err := nametemplate.CompilePattern(patterns[claim])
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

// match reports whether every pattern matches its claim, and returns what the
// captures stand for. The error is an [sts.AccessDenied]: captures of a list are
// ambiguous.
func (p claimPatterns) match(claims oidc.Claims) (all nametemplate.Captures, matches bool, err error) {
	for _, c := range p {
		_, captures, matches, err := c.match(claims)
		if !matches || err != nil {
			return nil, false, err
		}
		all = append(all, captures...)
	}
	return all, true, nil
}

// match reports whether the pattern matches the claim, a string or one element of a
// list, and returns the value that it matches. Elements that are not strings match
// nothing. A pattern with captures must not match two different elements: which of
// them names the caller is unknown then.
func (c claimPattern) match(claims oidc.Claims) (value string, captures nametemplate.Captures, matches bool, err error) {
	if text, isText := claims.Text(c.claim); isText {
		captures, matches = c.pattern.Match(text)
		return text, captures, matches, nil
	}
	list, _ := claims.List(c.claim)
	for _, element := range list {
		text, isText := element.(string)
		if !isText || matches && text == value {
			continue
		}
		found, isMatch := c.pattern.Match(text)
		switch {
		case !isMatch:
		case matches:
			return "", nil, false, ambiguous(c, value, text)
		case c.pattern.Exact():
			return text, found, true, nil
		default:
			value, captures, matches = text, found, true
		}
	}
	return value, captures, matches, nil
}

// ambiguous returns the error for a list in which two elements match a pattern with
// captures.
func ambiguous(c claimPattern, first, second string) error {
	return &sts.AccessDenied{
		Reason: fmt.Sprintf("several elements of the token's claim %q match one pattern, so that the caller is ambiguous", c.claim),
		Detail: fmt.Sprintf("%v matches %q and %q; narrow the pattern, or write a credential without captures for each value", c, short(first), short(second)),
	}
}

// isExceptionFrom reports whether p, which has no captures and matches the claims, is
// an exception from q: it matches the very values that q matches. A list may match
// both by different elements.
func (p claimPatterns) isExceptionFrom(q claimPatterns, claims oidc.Claims) bool {
	for _, d := range q {
		value, _, matches, err := d.match(claims)
		for _, c := range p {
			if c.claim != d.claim {
				continue
			}
			if _, same := c.pattern.Match(value); !same || !matches || err != nil {
				return false
			}
		}
	}
	return true
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
