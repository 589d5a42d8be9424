package iam

import (
	"unicode"
	"unicode/utf8"
)

// prefixIgnoringCase returns how many bytes of s the text covers at its
// start when both are lower-cased character by character (no full case
// folding, no normalisation), or -1. It allocates nothing.
func prefixIgnoringCase(s, text string) int {
	at := 0
	for i := 0; i < len(text); {
		if at == len(s) {
			return -1
		}
		if isSameASCII(s[at:], text[i:]) {
			at, i = at+chunk, i+chunk
			continue
		}
		if s[at] < utf8.RuneSelf && text[i] < utf8.RuneSelf {
			if lowerASCII(s[at]) != lowerASCII(text[i]) {
				return -1
			}
			at, i = at+1, i+1
			continue
		}
		have, n := utf8.DecodeRuneInString(s[at:])
		want, m := utf8.DecodeRuneInString(text[i:])
		if unicode.ToLower(have) != unicode.ToLower(want) || isInvalid(have, n) || isInvalid(want, m) {
			return -1
		}
		at, i = at+n, i+m
	}
	return at
}

// chunk is how many bytes are compared at once.
const chunk = 8

// isSameASCII reports whether a and b begin with the same chunk of ASCII characters.
// The keys of tags may differ at their ends only.
func isSameASCII(a, b string) bool {
	if len(a) < chunk || len(b) < chunk || a[:chunk] != b[:chunk] {
		return false
	}
	high := a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7]
	return high < utf8.RuneSelf
}

// equalIgnoringCase reports whether a and b are the same when lower-cased
// character by character.
func equalIgnoringCase(a, b string) bool {
	return !endsDifferently(a, b) && prefixIgnoringCase(a, b) == len(a)
}

// endsDifferently reports whether a and b end with ASCII characters that differ by more
// than case, so that they are not equal. Condition keys often begin alike, and this test is
// fast.
func endsDifferently(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	const caseBit = 'a' ^ 'A'
	x, y := a[len(a)-1], b[len(b)-1]
	return (x|y) < utf8.RuneSelf && (x^y)&^caseBit != 0
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// isInvalid reports whether a decoded rune is an invalid byte, not for U+FFFD itself.
// Two different invalid bytes are not the same text.
func isInvalid(r rune, width int) bool { return r == utf8.RuneError && width == 1 }
