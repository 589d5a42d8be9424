package nametemplate

import (
	"extauthz/diag"
	"slices"
	"strings"
)

// A Pattern describes names: literal text with captures such as {namespace}, each of which
// matches one or more of the characters that IAM allows in names, [A-Za-z0-9+=,.@_-]. {{ and
// }} match literal braces. Everything else matches itself, "*" too. In the pattern of a
// certificate's subject a capture stays within one attribute: it does not match "=", "," or
// "+".
//
// Between two captures there is always a character that no capture matches. Such separators
// divide a pattern into runs with at most one capture each. Therefore a text matches in one
// way or not at all, matching takes time linear in the text, and two patterns overlap
// exactly if each pair of their runs does.
type Pattern struct {
	text    string
	literal string // what an exact pattern matches
	names   []string
	runs    []run
	chars   charset // chars the captures
}

// A run is a part of a pattern with only characters of names, and the separator after it.
type run struct {
	before    string // literal, up to the capture; all of a run without one
	capture   bool
	after     string // literal, from the capture on
	separator string // the character after the run; "" at the end of the pattern
}

// Captures are the texts that a pattern's captures matched, in the order of
// [Pattern.Names].
type Captures []string

// CompilePattern compiles a pattern. It rejects an empty one, braces that neither enclose a
// name nor are doubled, a repeated name, control characters, and two captures without a
// separator between them.
func CompilePattern(text string) (*Pattern, error) { return compilePattern(text, nameChars) }

// CompileSubject compiles the pattern of a certificate's subject.
func CompileSubject(text string) (*Pattern, error) { return compilePattern(text, subjectChars) }

// HasUpperCase reports whether the literal text of p has a letter from A to Z.
func (p *Pattern) HasUpperCase() bool {
	isUpper := func(r rune) bool { return 'A' <= r && r <= 'Z' }
	return slices.ContainsFunc(p.runs, func(r run) bool { return strings.ContainsFunc(r.before+r.after, isUpper) })
}

func compilePattern(text string, of charset) (*Pattern, error) {
	pieces, err := splitPlaceholders("pattern", text)
	if err != nil {
		return nil, err
	}
	p := &Pattern{text: text, chars: of}
	var r run
	for _, piece := range pieces {
		switch {
		case piece.name == "":
			p.literal = piece.literal // in an exact pattern the only piece
			r = p.addLiteral(r, piece.literal)
		case slices.Contains(p.names, piece.name):
			return nil, diag.Problemf("the pattern %q captures {%s} twice", text, piece.name).WithRemedy("rename one of the two")
		case r.capture:
			return nil, diag.Problemf("the pattern %q has nothing that separates {%s} and {%s}",
				text, p.names[len(p.names)-1], piece.name).WithRemedy("put a character between them that no capture matches, such as \"/\"")
		default:
			r.capture = true
			p.names = append(p.names, piece.name)
		}
	}
	p.runs = append(p.runs, r)
	return p, nil
}

// addLiteral appends a literal to the run r, adds the runs that it completes to p, and
// returns the last, incomplete one.
func (p *Pattern) addLiteral(r run, literal string) run {
	for literal != "" {
		n := p.chars.prefixLength(literal)
		if r.capture {
			r.after = literal[:n]
		} else {
			r.before = literal[:n]
		}
		if n == len(literal) {
			break
		}
		r.separator = literal[n : n+1]
		p.runs = append(p.runs, r)
		r, literal = run{}, literal[n+1:]
	}
	return r
}

// Match reports whether p matches the whole text, and returns the captures. It allocates
// only for captures of a text that matches.
func (p *Pattern) Match(text string) (Captures, bool) {
	var buffer [8]string
	captures := buffer[:0]
	for i := range p.runs {
		r := &p.runs[i]
		rest, ok := strings.CutPrefix(text, r.before)
		if !ok {
			return nil, false
		}
		if r.capture {
			n := p.chars.prefixLength(rest) - len(r.after)
			if n < 1 {
				return nil, false
			}
			captures = append(captures, rest[:n])
			if rest, ok = strings.CutPrefix(rest[n:], r.after); !ok {
				return nil, false
			}
		}
		if text, ok = strings.CutPrefix(rest, r.separator); !ok {
			return nil, false
		}
	}
	if text != "" {
		return nil, false
	}
	return append(Captures(nil), captures...), true
}

// Overlaps reports whether some text matches both p and q.
func (p *Pattern) Overlaps(q *Pattern) bool {
	return slices.EqualFunc(p.runs, q.runs, run.overlaps)
}

// overlaps reports whether some text matches both runs. If both have captures, the longer
// beginning, any name and the longer end are such a text, provided that one beginning is a
// prefix of the other and one end is a suffix of the other.
func (r run) overlaps(s run) bool {
	switch {
	case r.separator != s.separator:
		return false
	case r.capture && s.capture:
		return (strings.HasPrefix(r.before, s.before) || strings.HasPrefix(s.before, r.before)) &&
			(strings.HasSuffix(r.after, s.after) || strings.HasSuffix(s.after, r.after))
	case r.capture:
		return r.matches(s.before)
	case s.capture:
		return s.matches(r.before)
	}
	return r.before == s.before
}

// matches reports whether a name, which has only characters of names, matches a run with a
// capture.
func (r run) matches(name string) bool {
	return len(name) > len(r.before)+len(r.after) &&
		strings.HasPrefix(name, r.before) && strings.HasSuffix(name, r.after)
}

// Exact reports whether p has no captures and so matches only p.Literal().
func (p *Pattern) Exact() bool { return len(p.names) == 0 }

// Literal returns the text that an exact pattern matches: p.String() with its braces
// unescaped. It is not defined for other patterns.
func (p *Pattern) Literal() string { return p.literal }

// Names returns the names of the captures, in the order of the text. The caller must not
// change them.
func (p *Pattern) Names() []string { return p.names }

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }
