package access

import (
	"maps"
	"slices"
	"strings"

	"extauthz/mapping"
)

// The texts that a wildcard matches in the candidates for names and values. No policy is
// expected to contain them.
const (
	fresh      = "zz9"
	otherFresh = "zz8"
)

// resources returns repositories of the registry between which the policies of either side can
// make a difference: repositories with policies or tags, the names in the Resource elements, and
// for each pattern, and each two that overlap, a name that they match.
func (s *sides) resources() []string {
	found := map[string]bool{}
	var patterns []string
	for _, v := range slices.Concat(s.before, s.after) {
		survey := survey{view: v}
		texts := survey.resources()
		for _, text := range survey.repositories(texts) {
			found[text] = true
		}
		patterns = append(patterns, texts...)
	}
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	for i, pattern := range patterns {
		for _, name := range instances(pattern) {
			found[name] = true
		}
		for _, other := range patterns[:i] {
			for _, name := range common(pattern, other) {
				found[name] = true
			}
		}
	}
	maps.DeleteFunc(found, func(arn string, _ bool) bool {
		_, name, ok := strings.Cut(arn, ":repository/")
		return !ok || !mapping.ValidRepository(name)
	})
	return slices.Sorted(maps.Keys(found))
}

// instances returns texts that a pattern matches.
func instances(pattern string) []string {
	if !strings.ContainsAny(pattern, "*?") {
		return []string{pattern}
	}
	fill := func(run, one string) string { return strings.NewReplacer("*", run, "?", one).Replace(pattern) }
	return []string{fill(fresh, "z"), fill("", "z"), fill("a", "a"), fill(fresh+"/"+fresh, "z")}
}

// maxCommon is the limit on the length of the patterns for which a common text is searched.
const maxCommon = 300

// common returns a shortest text that both patterns match; none if there is none.
func common(a, b string) []string {
	if len(a) > maxCommon || len(b) > maxCommon {
		return nil
	}
	// shortest[i][j] is a shortest text that the ends of a from i and of b from j match.
	const none = "\x00"
	shortest := make([][]string, len(a)+1)
	for i := len(a); i >= 0; i-- {
		shortest[i] = make([]string, len(b)+1)
		for j := len(b); j >= 0; j-- {
			shortest[i][j] = none
			if i == len(a) && j == len(b) {
				shortest[i][j] = ""
			}
			best := none
			consider := func(first string, text string) {
				if text != none && (best == none || len(first)+len(text) < len(best)) {
					best = first + text
				}
			}
			if shortest[i][j] == "" {
				best = ""
			}
			isRunA, isRunB := i < len(a) && a[i] == '*', j < len(b) && b[j] == '*'
			if isRunA {
				consider("", shortest[i+1][j])
			}
			if isRunB {
				consider("", shortest[i][j+1])
			}
			switch {
			case i == len(a) || j == len(b) || isRunA && isRunB:
			case isRunA:
				consider(characterOf(b[j]), shortest[i][j+1])
			case isRunB:
				consider(characterOf(a[i]), shortest[i+1][j])
			case a[i] == '?':
				consider(characterOf(b[j]), shortest[i+1][j+1])
			case b[j] == '?' || a[i] == b[j]:
				consider(characterOf(a[i]), shortest[i+1][j+1])
			}
			shortest[i][j] = best
		}
	}
	if shortest[0][0] == none {
		return nil
	}
	return []string{shortest[0][0]}
}

// characterOf returns the character itself, and z for the wildcard ?.
func characterOf(c byte) string {
	if c == '?' {
		return "z"
	}
	return string(c)
}
