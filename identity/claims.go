package identity

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// claimPatterns are patterns of claims of a token, in the order of the claims' names.
// A token must match all of them.
type claimPatterns []claimPattern

type claimPattern struct {
	claim   string
	pattern *nametemplate.Pattern
}

// String returns the claim and its pattern, such as {sub: repo:acme/{name}}.
func (c claimPattern) String() string { return "{" + c.claim + ": " + c.pattern.String() + "}" }

// compileClaims compiles patterns by claim. No two captures may have one name.
func compileClaims(patterns map[string]string) (claimPatterns, error) {
	var compiled claimPatterns
	var faults diag.Faults
	for _, claim := range slices.Sorted(maps.Keys(patterns)) {
		p, err := nametemplate.CompilePattern(patterns[claim])
		if err != nil {
			faults.Add(diag.Wrap(diag.Position{}, fmt.Sprintf("claim %q: ", claim), err))
			continue
		}
		for _, name := range p.Names() {
			if slices.Contains(compiled.names(), name) {
				faults.Add(diag.Problemf("claim %q: {%s} is also captured from another claim", claim, name).WithRemedy("rename one of the two"))
			}
		}
		compiled = append(compiled, claimPattern{claim, p})
	}
	return compiled, faults.Err()
}

// names returns the names of all captures, in order.
func (p claimPatterns) names() []string {
	var names []string
	for _, c := range p {
		names = append(names, c.pattern.Names()...)
	}
	return names
}

// match reports whether every pattern matches its claim, and returns the captures. The
// error is an [sts.AccessDenied]: captures of a list are ambiguous.
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
// list, and returns the value that it matches. Elements that are not strings do not
// match. A pattern with captures must not match two different elements, because either
// could be the caller's name.
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
		Detail: fmt.Sprintf("%v matches %q and %q; narrow the pattern, or write a credential without captures for each value", c, oidc.Excerpt(first), oidc.Excerpt(second)),
	}
}

// isExceptionFrom reports whether p, which has no captures and matches the claims, is
// an exception from q: it matches the same values as q. The elements of a list that
// they match can differ.
func (p claimPatterns) isExceptionFrom(q claimPatterns, claims oidc.Claims) bool {
	for _, d := range q {
		value, _, matches, err := d.match(claims)
		for _, c := range p {
			if c.claim != d.claim {
				continue
			}
			if _, equal := c.pattern.Match(value); !equal || !matches || err != nil {
				return false
			}
		}
	}
	return true
}

// overlaps reports whether one token can match both. It cannot if their patterns of
// some claim do not overlap.
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

// cover reports whether p has a pattern for every claim of q.
func (p claimPatterns) cover(q claimPatterns) bool {
	for _, c := range q {
		if !slices.ContainsFunc(p, func(d claimPattern) bool { return d.claim == c.claim }) {
			return false
		}
	}
	return true
}

func isList(claims oidc.Claims, name string) bool {
	_, found := claims.List(name)
	return found
}

// describeClaims returns claims with their values for a message. The values come from
// the client, and are quoted and cut short.
func describeClaims(claims oidc.Claims, names []string) string {
	var texts []string
	for _, name := range names {
		switch text, isText := claims.Text(name); {
		case isText:
			texts = append(texts, fmt.Sprintf("%s %q", name, oidc.Excerpt(text)))
		case isList(claims, name):
			texts = append(texts, name+" "+describeList(claims, name))
		case claims[name] != nil:
			texts = append(texts, "a "+name+" that is not a string")
		default:
			texts = append(texts, "no "+name)
		}
	}
	return strings.Join(texts, ", ")
}

// describeList returns a claim that is a list as JSON, cut short.
func describeList(claims oidc.Claims, name string) string {
	list, _ := claims.List(name)
	text, err := json.Marshal(list)
	if err != nil {
		return "a list"
	}
	return strings.ToValidUTF8(oidc.Excerpt(string(text)), "")
}
