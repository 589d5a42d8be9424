package lint

import (
	"strings"
	"unicode/utf8"

	"extauthz/iam"
)

// covers tells whether every text that the pattern inner matches is matched by
// outer too. It may say no where it is so, and never says yes where it is not.
func covers(outer, inner string) bool {
	switch {
	case outer == inner:
		return true
	case strings.Contains(outer, "${"):
		return false
	case strings.Contains(inner, "${"):
		// Whatever the variable's value, it must fall to the last wildcard.
		fixed, isPrefix := strings.CutSuffix(outer, "*")
		before, _, _ := strings.Cut(inner, "${")
		return isPrefix && !strings.ContainsAny(fixed, "*?") && strings.HasPrefix(before, fixed)
	}
	return matchesText(outer, inner)
}

// matchesText matches inner character by character: a wildcard of inner is taken
// as a character that only * covers, or for ? also ?.
func matchesText(outer, inner string) bool {
	next, at, star, from := 0, 0, -1, 0
	for at < len(inner) {
		_, width := utf8.DecodeRuneInString(inner[at:])
		switch {
		case next < len(outer) && outer[next] == '*':
			star, from = next, at
			next++
		case next < len(outer) && outer[next] == '?' && inner[at] != '*':
			next, at = next+1, at+width
		case next < len(outer) && outer[next] == inner[at]:
			next, at = next+1, at+1
		case star >= 0:
			_, width = utf8.DecodeRuneInString(inner[from:])
			from += width
			next, at = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(outer[next:], "*") == ""
}

// coversAction is covers for actions, whose case does not count.
func coversAction(outer, inner string) bool {
	return outer == "*" || covers(strings.ToLower(outer), strings.ToLower(inner))
}

// coversResource is covers for ARNs, whose segments are matched one by one, and
// "*", which is everything.
func coversResource(outer, inner string) bool {
	if outer == "*" || outer == inner {
		return true
	}
	a, b := strings.SplitN(outer, ":", 6), strings.SplitN(inner, ":", 6)
	if len(a) != 6 || len(b) != 6 {
		return false
	}
	for i := range a {
		if !covers(a[i], b[i]) {
			return false
		}
	}
	return true
}

// coversWord is coversResource for two words of Resource or NotResource, of which
// the outer one is in this statement. In the Resource of an Allow an ARN with a
// wildcard in its service matches nothing.
func (s *statement) coversWord(outer, inner string) bool {
	neverMatches := s.Statement.Effect == iam.Allow && !s.NotResource && hasWildService(outer)
	return outer == inner || !neverMatches && coversResource(outer, inner)
}

// hasWildService reports whether the service of an ARN contains a wildcard.
func hasWildService(arn string) bool {
	segments := strings.SplitN(arn, ":", 4)
	return len(segments) == 4 && strings.ContainsAny(segments[2], "*?")
}

// anyCovers tells whether one of the words covers the text.
func anyCovers(words []iam.Word, text string, covers func(outer, inner string) bool) bool {
	for _, w := range words {
		if covers(w.Text, text) {
			return true
		}
	}
	return false
}
