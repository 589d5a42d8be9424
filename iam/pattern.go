package iam

import (
	"strings"
	"unicode/utf8"
)

// pattern is a compiled text with wildcards and policy variables. The value of
// a variable is always literal.
type pattern struct {
	tokens     []token
	variables  bool // some token is a variable
	ignoreCase bool
	arn        bool // no wildcard covers the colons between an ARN's segments
	least      int  // no shorter subject matches, in bytes; variables count as empty
}

// token is one piece of a pattern.
type token struct {
	kind tokenKind
	text string // the literal text; the key of a variable

	// fallback is the value of a variable whose key is missing.
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

// match reports whether the whole subject matches the pattern.
func (p *pattern) match(subject string, c Context) bool {
	m := newMeter()
	return matchesAny([]pattern{*p}, subject, c, &m)
}

// outcome is the result of an attempt to match.
type outcome uint8

const (
	undecided outcome = iota // the steps did not suffice
	different
	matching
)

// try matches the subject by extending the latest run: if that does not help, extending an
// earlier one does not either. That is fast for nearly all patterns, and takes at most the
// product of the lengths of pattern and subject. It counts the steps down and stops when
// none are left. open is the offset from which wildcards cover colons.
func (p *pattern) try(subject string, c Context, open int, steps *int) outcome {
	if len(subject) < p.least || p.variables && !p.resolvable(c) {
		return different
	}
	next, at := 0, 0
	run, end := -1, 0 // the latest run, and the end of what it covers
	for next < len(p.tokens) || at < len(subject) {
		if next < len(p.tokens) && p.tokens[next].kind == runToken {
			if next == len(p.tokens)-1 {
				return matchingIf(!hasColon(subject, at, open))
			}
			run, end = next, at
		} else {
			*steps -= p.stepsOf(next)
			if width := p.consume(next, subject, at, open, c); width >= 0 {
				next, at = next+1, at+width
				continue
			}
			if run < 0 {
				return different
			}
			width := character(subject, end, open)
			if width < 0 {
				return different
			}
			end += width
		}
		if *steps < 0 {
			return undecided
		}
		if end = p.skip(run+1, subject, end, open, steps); end < 0 {
			return different
		}
		next, at = run+1, end
	}
	return matching
}

func matchingIf(match bool) outcome {
	if match {
		return matching
	}
	return different
}

// skip returns the first place from the given one at which the token, which
// follows a run, can begin, or -1.
func (p *pattern) skip(token int, subject string, from, open int, steps *int) int {
	t := &p.tokens[token]
	if t.kind != literalToken || p.ignoreCase || !utf8.RuneStart(t.text[0]) {
		return from
	}
	found := strings.Index(subject[from:], t.text)
	if found < 0 {
		*steps -= (len(subject) - from) / 2
		return -1
	}
	*steps -= found / 2
	if hasColon(subject, from, min(open, from+found)) {
		return -1
	}
	return from + found
}

// hasColon reports whether a colon that no wildcard may cover is in
// subject[from:to].
func hasColon(subject string, from, to int) bool {
	return from < to && strings.IndexByte(subject[from:to], ':') >= 0
}

// stepsOf is what comparing the token costs, in steps of about a nanosecond.
func (p *pattern) stepsOf(token int) int {
	switch {
	case token == len(p.tokens):
		return tokenSteps
	case p.tokens[token].kind == variableToken:
		return tokenSteps + lookupSteps(p.tokens[token].text)
	}
	return tokenSteps + len(p.tokens[token].text)/8
}

const tokenSteps = 8

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
	case literalToken, runToken:
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
	case entry.Multi, entry.Ambiguous:
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

// leastLength is the length in bytes of the shortest subject that the tokens
// match.
func leastLength(tokens []token, ignoreCase bool) int {
	n := 0
	for i := range tokens {
		switch t := &tokens[i]; t.kind {
		case oneToken:
			n++
		case literalToken:
			n += textLength(t.text, ignoreCase)
		case runToken, variableToken:
		}
	}
	return n
}

// textLength is the length in bytes of the shortest text that equals s. If case
// does not matter, a character may have a shorter form.
func textLength(s string, ignoreCase bool) int {
	if ignoreCase {
		return utf8.RuneCountInString(s)
	}
	return len(s)
}
