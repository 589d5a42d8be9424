package nametemplate

import "strings"

// An alphabet is the characters that it names, beside letters and digits.
type alphabet string

const (
	ofNames    alphabet = "+=,.@_-" // what IAM allows in names, [A-Za-z0-9+=,.@_-]
	ofSubjects alphabet = ".@_-"    // the same without what parts a subject's attributes (RFC 2253)
)

// length is that of the longest start of s that holds only the alphabet.
func (a alphabet) length(s string) int {
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) && strings.IndexByte(string(a), s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
