package iam

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// patternSet is the patterns of an element or a condition, which matches what
// any of them matches. A literal is found by its hash, in however long a list.
type patternSet struct {
	literals   []string            // if few
	table      map[string]struct{} // of the literals, if many
	ignoreCase bool                // literals are in lower case
	patterns   []pattern           // all others
	begun      *begunPatterns      // finds those that can match, if they are many
}

// begunPatterns finds the patterns with whose literal beginning a subject begins.
type begunPatterns struct {
	beginnings prefixes
	first      []int32 // of each beginning, the place of its first pattern; and the end
}

const (
	// fewLiterals is how many literals are compared one by one.
	fewLiterals = 16
	// fewPatterns is how many patterns with wildcards are compared one by one.
	fewPatterns = 16
	// maxFolded is the longest literal, in bytes of its lower-case form, that
	// is found by its hash without regard to case.
	maxFolded = 256
)

// newPatternSet returns the set of patterns that are all of one syntax.
func newPatternSet(patterns []pattern) patternSet {
	var s patternSet
	for i := range patterns {
		p := &patterns[i]
		s.ignoreCase = p.ignoreCase
		if text, ok := p.literal(); ok {
			s.literals = append(s.literals, text)
		} else {
			s.patterns = append(s.patterns, *p)
		}
	}
	s.patterns = slices.Clip(s.patterns)
	s.literals = slices.Clip(s.literals)
	if len(s.literals) > fewLiterals {
		s.table = make(map[string]struct{}, len(s.literals))
		for _, text := range s.literals {
			s.table[text] = struct{}{}
		}
		s.literals = nil
	}
	if len(s.patterns) > fewPatterns && !s.ignoreCase {
		s.begun = newBegunPatterns(s.patterns)
	}
	return s
}

// newBegunPatterns sorts the patterns by their beginnings and returns their table.
func newBegunPatterns(patterns []pattern) *begunPatterns {
	slices.SortStableFunc(patterns, func(a, b pattern) int {
		return strings.Compare(a.literalPrefix(), b.literalPrefix())
	})
	texts := make([]string, len(patterns))
	for i := range patterns {
		texts[i] = patterns[i].literalPrefix()
	}
	b := &begunPatterns{beginnings: newPrefixes(slices.Clone(texts))}
	for i, text := range texts {
		if i == 0 || text != texts[i-1] {
			b.first = append(b.first, int32(i))
		}
	}
	b.first = append(b.first, int32(len(patterns)))
	return b
}

// literal returns the text that the pattern is, in lower case if case does not
// matter; false if it is a pattern or too long to be found by its hash.
func (p *pattern) literal() (string, bool) {
	if len(p.tokens) > 1 || !p.isLiteral() {
		return "", false
	}
	text := p.literalPrefix()
	if !p.ignoreCase {
		return text, true
	}
	if !utf8.ValidString(text) {
		return "", false
	}
	text = strings.Map(unicode.ToLower, text)
	return text, len(text) <= maxFolded
}

// match reports whether any pattern matches the subject. It allocates nothing.
func (s *patternSet) match(subject string, c Context, m *meter) bool {
	switch {
	case s.hasLiteral(subject):
		return true
	case s.begun != nil:
		return s.matchesBegun(subject, c, m)
	}
	return len(s.patterns) > 0 && matchesAny(s.patterns, subject, c, m)
}

// searchSteps is what finding the patterns with whose beginnings a subject begins costs.
const searchSteps = 128

// matchesBegun is matchesAny for many patterns. It tries only those that can match.
func (s *patternSet) matchesBegun(subject string, c Context, m *meter) bool {
	open := 0
	if s.patterns[0].arn {
		open = endOfFifthColon(subject)
	}
	allowed := allowance(len(s.patterns))
	steps := allowed - searchSteps
	for b := s.begun.beginnings.longest(subject); b >= 0; b = s.begun.beginnings.within[b] {
		for i := s.begun.first[b]; i < s.begun.first[b+1]; i++ {
			switch s.patterns[i].try(subject, c, open, &steps) {
			case matching:
				m.charge(allowed - steps)
				return true
			case undecided:
				m.charge(allowed - steps)
				return scanAny(s.patterns, subject, c, open, m)
			case different:
			}
		}
	}
	m.charge(allowed - steps)
	return false
}

func (s *patternSet) hasLiteral(subject string) bool {
	switch {
	case s.table != nil && s.ignoreCase:
		var buffer [maxFolded + utf8.UTFMax]byte
		folded, ok := appendLower(buffer[:0], subject)
		_, found := s.table[string(folded)]
		return ok && found
	case s.table != nil:
		_, found := s.table[subject]
		return found
	case !s.ignoreCase:
		return slices.Contains(s.literals, subject)
	}
	for _, literal := range s.literals {
		if equalIgnoringCase(subject, literal) {
			return true
		}
	}
	return false
}

// appendLower appends the lower-case form of s; false if s is not UTF-8, or its
// form is longer than that of every literal.
func appendLower(b []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && len(b) <= maxFolded {
			b = append(b, lowerASCII(s[i]))
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(s[i:])
		if isInvalid(r, width) || len(b) > maxFolded {
			return b, false
		}
		b = utf8.AppendRune(b, unicode.ToLower(r))
		i += width
	}
	return b, true
}

// allowance is how many steps trying n patterns one by one may take before the
// rest of them is matched by [scan].
func allowance(n int) int { return 8 * tokenSteps * (2 + n) }

// matchesAny reports whether any pattern matches the subject. The patterns are
// tried one by one until that has taken too many steps; what is left of them
// is matched at once, in a time that does not depend on what they are.
func matchesAny(patterns []pattern, subject string, c Context, m *meter) bool {
	open := 0
	if patterns[0].arn {
		open = endOfFifthColon(subject)
	}
	allowed := allowance(len(patterns))
	steps := allowed
	for i := range patterns {
		switch patterns[i].try(subject, c, open, &steps) {
		case matching:
			m.charge(allowed - steps)
			return true
		case undecided:
			m.charge(allowed - steps)
			return scanAny(patterns[i:], subject, c, open, m)
		case different:
		}
	}
	m.charge(allowed - steps)
	return false
}
