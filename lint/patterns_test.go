package lint

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"*", "", true}, {"", "*", false},
		{"a*", "ab*", true}, {"ab*", "a*", false}, {"a*c", "abc", true}, {"a*c", "a*bc", true}, {"a*c", "a*b", false},
		{"a?", "a*", false}, {"a?", "a?", true}, {"a?", "ab", true}, {"a*", "a?", true}, {"?", "é", true}, {"??", "é", false}, {"*?", "é", true},
		{"team/*", "team/${aws:username}", true}, {"team/*", "team/${aws:username}/x", true}, {"team/*/x", "team/${aws:username}/x", false},
		{"*}", "${a}", false}, {"${a}", "${a}", true}, {"${a}*", "${a}b", false},
	} {
		if got := covers(c.outer, c.inner); got != c.want {
			t.Errorf("covers(%q, %q) = %v", c.outer, c.inner, got)
		}
	}
}

func TestCoversResource(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"*", "arn:aws:ecr:a:b:c", true}, {"arn:aws:ecr:a:b:c", "*", false}, {"arn:aws:ecr:*:*:*", "arn:aws:ecr:a:b:c:d/e", true},
		{"arn:aws:ecr:*:repository/x", "arn:aws:ecr:a:b:repository/x", false}, {"arn:aws:ecr:a:b:r/*", "arn:aws:ecr:a:*:r/x", false},
		{"arn:aws:ecr:a", "arn:aws:ecr:a", true}, {"arn:aws:ecr:*", "arn:aws:ecr:a", false},
	} {
		if got := coversResource(c.outer, c.inner); got != c.want {
			t.Errorf("coversResource(%q, %q) = %v", c.outer, c.inner, got)
		}
	}
}

// matching returns the regular expression of a pattern. It is the reference
// implementation.
func matching(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.NewReplacer(`\*`, `(?s:.*)`, `\?`, `(?s:.)`).Replace(quoted)
	return regexp.MustCompile(`\A` + quoted + `\z`)
}

// FuzzCovers checks that the outer pattern matches what the inner pattern matches, with
// texts in which the wildcards of the inner pattern are replaced.
func FuzzCovers(f *testing.F) {
	for _, s := range [][3]string{{"a*", "ab*", "x"}, {"a?c", "abc", ""}, {"*a*b", "a*ab", "b"}, {"é*", "é?", "é"}, {"??", "é", "é"}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, outer, inner, filling string) {
		if len(outer)+len(inner)+len(filling) > 100 || strings.Contains(outer+inner, "${") || !utf8.ValidString(outer) || !utf8.ValidString(inner) || !utf8.ValidString(filling) || !covers(outer, inner) {
			return
		}
		for _, question := range []string{"q", "é"} {
			candidate := strings.NewReplacer("*", filling, "?", question).Replace(inner)
			if matching(inner).MatchString(candidate) && !matching(outer).MatchString(candidate) {
				t.Errorf("%q covers %q, but not its %q", outer, inner, candidate)
			}
		}
	})
}
