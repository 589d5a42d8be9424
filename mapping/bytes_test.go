package mapping

import (
	"regexp"
	"testing"
)

// TestByteSets compares each set with a regular expression.
func TestByteSets(t *testing.T) {
	for _, test := range []struct {
		name    string
		set     byteSet
		pattern string
	}{
		{"digits", digits, `[0-9]`},
		{"lowerAlphanumerics", lowerAlphanumerics, `[0-9a-z]`},
		{"inARN", inARN, `[0-9a-z-]`},
		{"inReference", inReference, `[0-9A-Za-z._:+=-]`},
		{"inImageName", inImageName, `[0-9A-Za-z._/:@\[\]-]`},
		{"inParameterName", inParameterName, `[0-9A-Za-z._~-]`},
		{"inPath", inPath, "[!\"$&-:<-\\[\\]-~]"},
		{"inQuery", inQuery, `["$-:<-~]`},
		{"printable", printable, `[ -~]`},
		{"unescaped", unescaped, `[^%+]`},
	} {
		pattern := regexp.MustCompile(`\A(?s:` + test.pattern + `)\z`)
		for c := range 256 {
			if got, want := test.set.contains(byte(c)), pattern.MatchString(string(rune(c))); got != want {
				t.Errorf("%s contains byte 0x%02x: got %v, want %v", test.name, c, got, want)
			}
		}
	}
}

// TestByteSetsOfText checks texts that consist of bytes of a set, or begin with them.
func TestByteSetsOfText(t *testing.T) {
	for _, test := range []struct {
		text    string
		length  int
		matches bool
	}{
		{"", 0, false}, {"x", 0, false}, {"1", 1, true}, {"12", 2, true}, {"12x", 2, false}, {"1x2", 1, false}, {"12\x00", 2, false},
	} {
		if got := digits.prefixLen(test.text); got != test.length {
			t.Errorf("%q begins with %d digits, want %d", test.text, got, test.length)
		}
		if got := digits.matches(test.text); got != test.matches {
			t.Errorf("%q consists of digits: got %v, want %v", test.text, got, test.matches)
		}
	}
}
