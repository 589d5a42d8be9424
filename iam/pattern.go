package iam

import (
	"strings"
	"unicode/utf8"
)

// pattern is a compiled text with wildcards and policy variables. Matching it
// costs at most the length of the pattern times that of the subject, and
// allocates nothing; the value of a variable is always literal.
type pattern struct {
	tokens     []token
	variables  bool // some token is a variable
	ignoreCase bool
	arn        bool // no wildcard covers the colons between an ARN's segments
}

// token is one piece of a pattern.
type token struct {
	kind tokenKind
	text string // the literal text; the key of a variable

	// fallback is what a variable stands for while its key is missing.
	fallback    string
	hasFallback bool
}

type tokenKind uint8

const (
	literalToken  tokenKind = iota
	runToken                // *: any number of characters
	oneToken                // ?: exactly one character
	variableToken           // ${key}
)

// match reports whether the whole subject fits the pattern. It keeps only the
// latest run in mind: giving an earlier one more characters never helps where
// giving the latest one more does not.
func (p *pattern) match(subject string, c Context) bool {
	if p.variables && !p.resolvable(c) {
		return false
	}
	open := 0 // from here on wildcards may cover colons
	if p.arn {
		open = endOfFifthColon(subject)
	}
	next, at := 0, 0
	run, runEnd := -1, 0
	for next < len(p.tokens) || at < len(subject) {
		if next < len(p.tokens) && p.tokens[next].kind == runToken {
			if next == len(p.tokens)-1 {
				return at >= open || strings.IndexByte(subject[at:open], ':') < 0
			}
			run, runEnd = next, at
			next++
			continue
		}
		if width := p.consume(next, subject, at, open, c); width >= 0 {
			next, at = next+1, at+width
			continue
		}
		if run < 0 {
			return false
		}
		width := character(subject, runEnd, open)
		if width < 0 {
			return false
		}
		runEnd += width
		next, at = run+1, runEnd
	}
	return true
}

// consume returns how many bytes of the subject the token covers at a place,
// or -1. Past the last token nothing is covered.
func (p *pattern) consume(token int, subject string, at, open int, c Context) int {
	if token == len(p.tokens) {
		return -1
	}
	t := &p.tokens[token]
	text := t.text
	switch t.kind {
	case oneToken:
		return character(subject, at, open)
	case variableToken:
		text, _ = t.value(c)
	}
	if p.ignoreCase {
		return prefixIgnoringCase(subject[at:], text)
	}
	if strings.HasPrefix(subject[at:], text) {
		return len(text)
	}
	return -1
}

// character returns the width of the character at the given place if a
// wildcard may cover it, or -1. A byte that is not UTF-8 is a character too.
func character(s string, at, open int) int {
	if at == len(s) || s[at] == ':' && at < open {
		return -1
	}
	_, width := utf8.DecodeRuneInString(s[at:])
	return width
}

// endOfFifthColon is the offset at which the last segment of an ARN begins.
func endOfFifthColon(arn string) int {
	at := 0
	for range arnColons {
		at += strings.IndexByte(arn[at:], ':') + 1
	}
	return at
}

// resolvable reports whether every variable of the pattern has a value.
func (p *pattern) resolvable(c Context) bool {
	for i := range p.tokens {
		if p.tokens[i].kind != variableToken {
			continue
		}
		if _, ok := p.tokens[i].value(c); !ok {
			return false
		}
	}
	return true
}

// value looks a variable up: the key's value, or else the default. A
// multivalued key has no value that could be inserted.
func (t *token) value(c Context) (string, bool) {
	entry, found := c.Lookup(t.text)
	switch {
	case !found:
		return t.fallback, t.hasFallback
	case entry.Multi:
		return "", false
	}
	return entry.Value, true
}

// literalPrefix is the text that every match begins with.
func (p *pattern) literalPrefix() string {
	if len(p.tokens) > 0 && p.tokens[0].kind == literalToken {
		return p.tokens[0].text
	}
	return ""
}

// isLiteral reports whether the pattern has neither wildcards nor variables.
func (p *pattern) isLiteral() bool {
	for i := range p.tokens {
		if p.tokens[i].kind != literalToken {
			return false
		}
	}
	return true
}
