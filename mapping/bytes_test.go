package mapping

import (
	"math/rand/v2"
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
		{"", 0, false}, {"X", 0, false}, {"1", 1, true}, {"1a", 2, true}, {"1aX", 2, false}, {"1X2", 1, false}, {"12\x00", 2, false},
	} {
		if got := lowerAlphanumerics.prefixLen(test.text); got != test.length {
			t.Errorf("%q begins with %d bytes of the set, want %d", test.text, got, test.length)
		}
		if got := lowerAlphanumerics.matches(test.text); got != test.matches {
			t.Errorf("%q consists of bytes of the set: got %v, want %v", test.text, got, test.matches)
		}
	}
}

// TestPrefixLenAtEachPlace compares prefixLen with a test of one byte after the other, for texts of each
// length with a byte outside the set at each place.
func TestPrefixLenAtEachPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for s := lowerAlphanumerics; s != 0; s <<= 1 {
		var in, out []byte
		for c := range 256 {
			if s.contains(byte(c)) {
				in = append(in, byte(c))
			} else {
				out = append(out, byte(c))
			}
		}
		if len(in) == 0 {
			continue // a bit that is no set
		}
		for length := range 40 {
			for outside := range length + 1 { // the last is none
				text := make([]byte, length)
				for i := range text {
					text[i] = in[random.IntN(len(in))]
				}
				if outside < length {
					text[outside] = out[random.IntN(len(out))]
				}
				if got := s.prefixLen(string(text)); got != outside {
					t.Fatalf("set %b of %q: got %d, want %d", s, text, got, outside)
				}
			}
		}
	}
}
