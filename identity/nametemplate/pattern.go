package nametemplate

import (
	"fmt"
	"slices"
	"strings"
)

// A Pattern describes names: literal text with captures such as {namespace},
// each of which stands for one or more of the characters that IAM allows in
// names, [A-Za-z0-9+=,.@_-]. {{ and }} stand for literal braces. Everything else stands
// for itself, "*" too. In the pattern of a certificate's subject a capture stays within one attribute: it
// matches none of "=", "," and "+".
//
// Between two captures there is always a character that no capture matches. So
// a pattern falls into runs, parted by such characters, with at most one
// capture in each: a text matches in one way or not at all, matching takes time
// linear in the text, and whether two patterns overlap is told run by run.
type Pattern struct {
	text    string
	literal string // what an exact pattern matches
	names   []string
	runs    []run
	of      alphabet // of the captures
}

// A run is a stretch of a pattern that holds only characters of names.
type run struct {
	before  string // literal, up to the capture; all of it where there is none
	capture bool
	after   string // literal, from the capture on
	end     string // the character after the run, which is in no name; "" at the pattern's end
}

// Captures are the texts that a pattern's captures stood for, in the order of
// [Pattern.Names].
type Captures []string

// CompilePattern reads a pattern. It refuses an empty one, braces that neither enclose
// a name nor are doubled, a name used twice, control characters, and two captures between
// which no character tells where the first ends.
func CompilePattern(text string) (*Pattern, error) { return compilePattern(text, ofNames) }

// CompileSubject reads the pattern of a certificate's subject, as CompilePattern
// does.
func CompileSubject(text string) (*Pattern, error) { return compilePattern(text, ofSubjects) }

// HasUpperCase reports whether the text of p, its captures apart, has a letter from
// A to Z.
func (p *Pattern) HasUpperCase() bool {
	isUpper := func(r rune) bool { return 'A' <= r && r <= 'Z' }
	return slices.ContainsFunc(p.runs, func(r run) bool { return strings.ContainsFunc(r.before+r.after, isUpper) })
}

func compilePattern(text string, of alphabet) (*Pattern, error) {
	pieces, err := splitPlaceholders("pattern", text)
	if err != nil {
		return nil, err
	}
	p := &Pattern{text: text, of: of}
	var r run
	for _, piece := range pieces {
		switch {
		case piece.name == "":
			p.literal = piece.literal // in an exact pattern the only piece
			r = p.addLiteral(r, piece.literal)
		case slices.Contains(p.names, piece.name):
			return nil, fmt.Errorf("the pattern %q captures {%s} twice; give the second another name", text, piece.name)
		case r.capture:
			return nil, fmt.Errorf("the pattern %q does not tell where {%s} ends and {%s} begins; put a character between them that no capture matches, such as \"/\"",
				text, p.names[len(p.names)-1], piece.name)
		default:
			r.capture = true
			p.names = append(p.names, piece.name)
		}
	}
	p.runs = append(p.runs, r)
	return p, nil
}

// addLiteral goes on from the run r, adds to p the runs that the literal ends,
// and returns the one that it leaves open.
func (p *Pattern) addLiteral(r run, literal string) run {
	for literal != "" {
		n := p.of.length(literal)
		if r.capture {
			r.after = literal[:n]
		} else {
			r.before = literal[:n]
		}
		if n == len(literal) {
			break
		}
		r.end = literal[n : n+1]
		p.runs = append(p.runs, r)
		r, literal = run{}, literal[n+1:]
	}
	return r
}

// Match reports whether the whole text is one that p describes, and what its
// captures stand for. It allocates only for captures of a text that matches.
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
			n := p.of.length(rest) - len(r.after)
			if n < 1 {
				return nil, false
			}
			captures = append(captures, rest[:n])
			if rest, ok = strings.CutPrefix(rest[n:], r.after); !ok {
				return nil, false
			}
		}
		if text, ok = strings.CutPrefix(rest, r.end); !ok {
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

// overlaps reports whether some text matches both runs. Two captures leave each
// other room: the longer beginning, any name, and the longer end is such a text
// wherever one beginning starts the other and one end ends the other.
func (r run) overlaps(s run) bool {
	switch {
	case r.end != s.end:
		return false
	case r.capture && s.capture:
		return (strings.HasPrefix(r.before, s.before) || strings.HasPrefix(s.before, r.before)) &&
			(strings.HasSuffix(r.after, s.after) || strings.HasSuffix(s.after, r.after))
	case r.capture:
		return r.describes(s.before)
	case s.capture:
		return s.describes(r.before)
	}
	return r.before == s.before
}

// describes reports whether the name, which holds only characters of names,
// matches a run that has a capture.
func (r run) describes(name string) bool {
	return len(name) > len(r.before)+len(r.after) &&
		strings.HasPrefix(name, r.before) && strings.HasSuffix(name, r.after)
}

// Exact reports whether p has no captures and so matches only p.Literal().
func (p *Pattern) Exact() bool { return len(p.names) == 0 }

// Literal returns the text that an exact pattern matches: p.String() with its braces
// unescaped. It is not defined for other patterns.
func (p *Pattern) Literal() string { return p.literal }

// Names are the names of the captures, in the order of the text. The caller
// must not change them.
func (p *Pattern) Names() []string { return p.names }

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }
