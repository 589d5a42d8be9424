package capture

import (
	"fmt"
	"strings"
	"unicode"
)

// A piece of a pattern or template is a literal or the name in a {placeholder}.
type piece struct{ literal, name string }

// splitPlaceholders takes apart the text of what, a "pattern" or "template". A
// brace has no escape: it is outside the alphabet of names and of tags, and so
// an exact pattern is the text that it matches.
func splitPlaceholders(what, text string) ([]piece, error) {
	if text == "" {
		return nil, fmt.Errorf("the %s is empty; write the text that it stands for", what)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, fmt.Errorf("the %s %q holds a control character, such as a line break; remove it", what, text)
	}
	var pieces []piece
	for rest := text; rest != ""; {
		literal, after, open := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("the %s %q has a } without {; write {name}, braces cannot stand for themselves", what, text)
		}
		if literal != "" {
			pieces = append(pieces, piece{literal: literal})
		}
		if !open {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || !isPlaceholder(name) {
			return nil, fmt.Errorf("the %s %q has a { that begins no {name}; a name is a lower-case letter and then letters and digits, and braces cannot stand for themselves", what, text)
		}
		pieces = append(pieces, piece{name: name})
		rest = after
	}
	return pieces, nil
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
