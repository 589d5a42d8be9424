package nametemplate

import (
	"extauthz/diag"
	"strings"
	"unicode"
)

// A piece of a pattern or template is a literal or the name in a {placeholder}.
type piece struct{ literal, name string }

// splitPlaceholders splits a text into literals and placeholders. what is "pattern" or
// "template", for errors. A doubled brace, {{ or }}, is a literal brace. Literals are
// unescaped, and never adjacent.
func splitPlaceholders(what, text string) ([]piece, error) {
	if text == "" {
		return nil, diag.Problemf("the %s is empty", what).WithRemedy("write a text")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, diag.Problemf("the %s %q contains a control character, such as a line break", what, text).WithRemedy("remove it")
	}
	var pieces []piece
	literal := ""
	for rest := text; rest != ""; {
		brace := strings.IndexAny(rest, "{}")
		if brace < 0 {
			literal += rest
			break
		}
		literal += rest[:brace]
		rest = rest[brace:]
		if strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}") {
			literal, rest = literal+rest[:1], rest[2:]
			continue
		}
		name, after, err := cutPlaceholder(what, text, rest)
		if err != nil {
			return nil, err
		}
		if literal != "" {
			pieces = append(pieces, piece{literal: literal})
		}
		pieces = append(pieces, piece{name: name})
		literal, rest = "", after
	}
	if literal != "" {
		pieces = append(pieces, piece{literal: literal})
	}
	return pieces, nil
}

// cutPlaceholder returns the name in the {placeholder} that rest begins with, and what
// follows it.
func cutPlaceholder(what, text, rest string) (name, after string, err error) {
	if rest[0] == '}' {
		return "", "", diag.Problemf("the %s %q has a } without {", what, text).WithRemedy("write }} for a literal }")
	}
	name, after, closed := strings.Cut(rest[1:], "}")
	if !closed || !isPlaceholder(name) {
		return "", "", diag.Problemf("the %s %q has a { that does not begin a {name}", what, text).WithRemedy("write a lower-case letter and then letters and digits, or double a literal brace: {{ or }}")
	}
	return name, after, nil
}

// isPlaceholder reports whether s is [a-z][A-Za-z0-9]*.
func isPlaceholder(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if !isLetterOrDigit(s[i]) {
			return false
		}
	}
	return true
}

// A charset is the letters, the digits and the characters that it contains.
type charset string

const (
	nameChars    charset = "+=,.@_-" // allowed in IAM's names, [A-Za-z0-9+=,.@_-]
	subjectChars charset = ".@_-"    // the same without the separators in a subject (RFC 2253)
)

// prefixLength returns the length of the longest prefix of s in the charset.
func (a charset) prefixLength(s string) int {
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
