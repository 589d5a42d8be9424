package nametemplate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A capture stays within one attribute of a subject.
func TestSubjectCaptures(t *testing.T) {
	two, err := CompileSubject("CN={name},O={unit}")
	if err != nil {
		t.Fatal(err)
	}
	if captures, ok := two.Match("CN=a,O=b@c"); !ok || fmt.Sprint(captures) != "[a b@c]" {
		t.Errorf("%v, %v", captures, ok)
	}
	for _, text := range []string{"CN=a,OU=x,O=b", "CN=a+UID=1,O=b", "CN=a=b,O=c", `CN=a\,b,O=c`} {
		if captures, ok := two.Match(text); ok {
			t.Errorf("%s: %q", text, captures)
		}
	}
}

// Patterns of subjects are compared with the regular expressions that say the
// same, on every small pattern and text.
func TestSubjectPatternsAsExpressions(t *testing.T) {
	ambiguous := regexp.MustCompile(`\*a*\*`) // nothing between two captures that neither matches
	texts, compiled := words([]string{"a", "=", ",", "."}, 5), 0
	for _, word := range words([]string{"a", "=", ",", "*"}, 4)[1:] {
		p, err := CompileSubject(named(word))
		if (err != nil) != ambiguous.MatchString(word) {
			t.Errorf("%q: error %v", word, err)
		}
		if err != nil {
			continue
		}
		compiled++
		expression := regexp.MustCompile("^" + strings.ReplaceAll(word, "*", "([A-Za-z0-9.@_-]+)") + "$")
		for _, text := range texts {
			want := expression.FindStringSubmatch(text)
			if got, ok := p.Match(text); ok != (want != nil) || ok && !slices.Equal(got, want[1:]) {
				t.Fatalf("%q matches %q: %v with %q; the expression says %q", p, text, ok, got, want)
			}
		}
	}
	if compiled < 200 {
		t.Errorf("only %d patterns", compiled)
	}
}
