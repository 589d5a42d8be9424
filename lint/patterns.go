package lint

import (
	"slices"
	"strings"
	"unicode/utf8"

	"extauthz/iam"
)

// covers reports whether the pattern outer matches every text that the pattern inner
// matches. It may return false although outer does, but true is always correct.
func covers(outer, inner string) bool {
	switch {
	case outer == inner:
		return true
	case strings.Contains(outer, "${"):
		return false
	case strings.Contains(inner, "${"):
		// The last wildcard must match the variable, whatever its value.
		fixed, isPrefix := strings.CutSuffix(outer, "*")
		before, _, _ := strings.Cut(inner, "${")
		return isPrefix && !strings.ContainsAny(fixed, "*?") && strings.HasPrefix(before, fixed)
	}
	return matchesText(outer, inner)
}

// matchesText matches inner character by character. It treats a wildcard of inner as a
// character that only * covers or, if it is ?, also ?.
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

// coversAction is covers for actions, which are compared without regard to case.
func coversAction(outer, inner string) bool {
	return outer == "*" || covers(strings.ToLower(outer), strings.ToLower(inner))
}

// coversResource is covers for ARNs, whose segments are matched one by one, and for
// "*", which matches everything.
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

// coversResource is coversResource for two entries of Resource or NotResource, of which
// outer is in this statement. In the Resource of an Allow, an ARN with a wildcard in its
// service matches nothing.
func (s *statement) coversResource(outer, inner string) bool {
	neverMatches := s.Statement.Effect == iam.Allow && !s.NotResource && hasWildcardInService(outer)
	return outer == inner || !neverMatches && coversResource(outer, inner)
}

func hasWildcardInService(arn string) bool {
	segments := strings.SplitN(arn, ":", 4)
	return len(segments) == 4 && strings.ContainsAny(segments[2], "*?")
}

// coversAll reports whether each of inner is covered by one of outer.
func coversAll(outer, inner []iam.Entry, covers func(outer, inner string) bool) bool {
	return !slices.ContainsFunc(inner, func(in iam.Entry) bool {
		return !slices.ContainsFunc(outer, func(out iam.Entry) bool { return covers(out.Text, in.Text) })
	})
}

// containsAll reports whether each of the principals inner is one of outer.
func containsAll(outer, inner []iam.PrincipalSyntax) bool {
	return !slices.ContainsFunc(inner, func(p iam.PrincipalSyntax) bool {
		return !slices.ContainsFunc(outer, func(q iam.PrincipalSyntax) bool { return q.Type == p.Type && q.Text == p.Text })
	})
}
