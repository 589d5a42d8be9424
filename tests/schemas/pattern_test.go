package schemas

import (
	"regexp"
	"strings"
	"testing"

	"extauthz/identity/nametemplate"
)

// TestPatternOfPatterns holds the expression by which the schema checks braces in
// patterns and templates to what the program reads, for every short text.
func TestPatternOfPatterns(t *testing.T) {
	for _, s := range schemas(t) {
		if s.name != "principals" {
			continue
		}
		credential := s.defs()["credential"].(map[string]any)["properties"].(map[string]any)
		expression := regexp.MustCompile(credential["header"].(map[string]any)["pattern"].(string))
		texts, taken := []string{""}, 0
		for from := 0; len(texts[from]) < 7; from++ {
			for _, letter := range []string{"{", "}", "a", "1"} {
				texts = append(texts, texts[from]+letter)
			}
		}
		for _, text := range texts[1:] {
			_, err := nametemplate.CompilePattern(text)
			ok := err == nil || !strings.Contains(err.Error(), "{; ") && !strings.Contains(err.Error(), "literal brace")
			if ok {
				taken++
			}
			if expression.MatchString(text) != ok {
				t.Errorf("%q: the schema takes it: %v; the program: %v", text, !ok, err)
			}
		}
		if taken < 1000 {
			t.Errorf("%d texts are taken, want at least 1000", taken)
		}
	}
}
