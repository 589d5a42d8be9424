package schemas

import (
	"regexp"
	"strings"
	"testing"

	"extauthz/identity/nametemplate"
)

// TestPatternOfPatterns compares, for every short text, the expression by which the schema checks
// braces in patterns and templates with what the program accepts.
func TestPatternOfPatterns(t *testing.T) {
	for _, s := range schemas(t) {
		if s.name != "principals" {
			continue
		}
		credential := s.defs()["credential"].(map[string]any)["properties"].(map[string]any)
		expression := regexp.MustCompile(credential["header"].(map[string]any)["pattern"].(string))
		texts, accepted := []string{""}, 0
		for from := 0; len(texts[from]) < 7; from++ {
			for _, letter := range []string{"{", "}", "a", "1"} {
				texts = append(texts, texts[from]+letter)
			}
		}
		for _, text := range texts[1:] {
			_, err := nametemplate.CompilePattern(text)
			ok := err == nil || !strings.Contains(err.Error(), "{; ") && !strings.Contains(err.Error(), "literal brace")
			if ok {
				accepted++
			}
			if expression.MatchString(text) != ok {
				t.Errorf("%q: the schema accepts it: %v; the program: %v", text, !ok, err)
			}
		}
		if accepted < 1000 {
			t.Errorf("%d texts were accepted, want at least 1000", accepted)
		}
	}
}
