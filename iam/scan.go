package iam

import (
	"unicode"
	"unicode/utf8"
)

// scan matches any number of patterns at once against one subject. Each pattern
// is an automaton whose states are the places between its characters, and the
// states of all patterns, one after the other, are bits: reading one byte of the
// subject moves 64 states. This is the Shift-And algorithm of Baeza-Yates and
// Gonnet ("A New Approach to Text Searching", 1992), with a state that does not
// move for *, and with blocks of 64 states in turn, so that the table of one
// block suffices. The time is the length of the subject multiplied by the
// number of blocks, whatever the patterns are.
//
// It works on bytes. All patterns are UTF-8, so that a literal can only begin
// where a character of the subject does.
type scan struct {
	subject    string
	ignoreCase bool
	matched    bool

	kinds   [maxScan]byteKind // of the bytes of the subject
	special [scanWords]bool   // that 64 bytes of the subject are not all of the first kind
	carry   [scanWords]uint64 // bit i: reading byte i reached the first state of the block

	// Bit i of these is about state i of the block.
	literal [256]uint64 // left by reading this byte
	one     uint64      // left by reading any character
	after   uint64      // reached by reading any character
	run     uint64      // stays active for any character
	start   uint64      // active before anything is read
	final   uint64      // the pattern matches
	used    int         // states of the block that exist
	divided bool        // the first state belongs to a pattern of the block before
}

// byteKind is what wildcards can do at a byte of the subject.
type byteKind uint8

const (
	characterByte byteKind = iota // begins a character, which a wildcard may cover
	colonByte                     // between the segments of an ARN: no wildcard covers it
	insideByte                    // continues the character that was read last
	byteKinds
)

const (
	scanWords = 128
	// maxScan is the length of the longest subject, in bytes. No value that a
	// client sends is longer.
	maxScan = 64 * scanWords
	// blockSteps is what a block costs in addition to a step for each byte.
	blockSteps = 256
)

// scanAny reports whether any pattern matches the subject.
func scanAny(patterns []pattern, subject string, c Context, open int, m *meter) bool {
	if len(subject) > maxScan || patterns[0].ignoreCase && !isASCII(subject) {
		return tryAll(patterns, subject, c, open, m)
	}
	s := scan{subject: subject, ignoreCase: patterns[0].ignoreCase}
	s.markCharacters(open)
	m.charge(len(subject))
	for i := range patterns {
		p := &patterns[i]
		m.charge(1)
		switch length, valid := p.expandedLength(c, m); {
		case length < 0 || length > len(subject):
			continue // it cannot match
		case !valid:
			if tryAll(patterns[i:i+1], subject, c, open, m) {
				return true
			}
		default:
			if beginsBlock(s.used, 1+length) {
				s.runBlock(false, m)
			}
			s.add(p, c, m)
		}
		if s.matched || m.exhausted() {
			return s.matched
		}
	}
	s.runBlock(false, m)
	return s.matched
}

// beginsBlock reports whether a pattern begins a new block after used states.
// It is divided between blocks only where that saves enough states, because
// blocks that divide no pattern are read faster.
func beginsBlock(used, states int) bool { return used+states > 64 && used >= 48 }

// tryAll matches the patterns one by one, for as many steps as the meter has.
// It is for what a scan cannot do: subjects beyond what a client can send, values
// of variables that are not UTF-8, and actions that are not ASCII.
func tryAll(patterns []pattern, subject string, c Context, open int, m *meter) bool {
	for i := range patterns {
		switch patterns[i].try(subject, c, open, &m.left) {
		case matching:
			return true
		case undecided:
			return false // the meter is exhausted
		case different:
		}
	}
	return false
}

// expandedLength returns the least length with the values of the variables, -1
// if one has no value, and whether all values are UTF-8.
func (p *pattern) expandedLength(c Context, m *meter) (length int, valid bool) {
	length, valid = p.least, true
	if !p.variables {
		return length, valid
	}
	for i := range p.tokens {
		if p.tokens[i].kind != variableToken {
			continue
		}
		value, ok := p.tokens[i].value(c)
		if !ok {
			return -1, false
		}
		m.charge(lookupSteps(p.tokens[i].text))
		length += textLength(value, p.ignoreCase)
		valid = valid && utf8.ValidString(value)
	}
	return length, valid
}

// markCharacters finds the bytes of the subject that do not begin a character that
// a wildcard may cover.
func (s *scan) markCharacters(open int) {
	for i := 0; i < len(s.subject); {
		if s.subject[i] < utf8.RuneSelf {
			if s.subject[i] == ':' && i < open {
				s.mark(i, colonByte)
			}
			i++
			continue
		}
		_, width := utf8.DecodeRuneInString(s.subject[i:])
		for j := i + 1; j < i+width; j++ {
			s.mark(j, insideByte)
		}
		i += width
	}
}

func (s *scan) mark(at int, kind byteKind) {
	s.kinds[at] = kind
	s.special[at/64] = true
}

// add appends the states of a pattern.
func (s *scan) add(p *pattern, c Context, m *meter) {
	state := s.newState(m)
	s.start |= state
	for i := range p.tokens {
		switch t := &p.tokens[i]; t.kind {
		case runToken:
			s.run |= state
		case oneToken:
			s.one |= state
			state = s.newState(m)
			s.after |= state
		case literalToken:
			state = s.addText(t.text, state, m)
		case variableToken:
			value, _ := t.value(c)
			state = s.addText(value, state, m)
		}
	}
	s.final |= state
}

// addText appends the states of a literal text and returns the last one.
func (s *scan) addText(text string, state uint64, m *meter) uint64 {
	if !s.ignoreCase {
		for i := range len(text) {
			s.literal[text[i]] |= state
			state = s.newState(m)
		}
		return state
	}
	for _, r := range text { // the subject is ASCII
		if r = unicode.ToLower(r); r < utf8.RuneSelf {
			s.literal[r] |= state
			s.literal[unicode.ToUpper(r)] |= state
		}
		state = s.newState(m)
	}
	return state
}

// newState returns the bit of a new state, in a new block if this one is full.
func (s *scan) newState(m *meter) uint64 {
	if s.used == 64 {
		s.runBlock(true, m)
	}
	s.used++
	return 1 << (s.used - 1)
}

// runBlock reads the subject with the states of the block, and empties the
// block. If it divides a pattern, what its last state reaches is the first state
// of the next block.
func (s *scan) runBlock(divides bool, m *meter) {
	if m.charge(len(s.subject) + blockSteps); m.exhausted() {
		return
	}
	active := s.start
	for word := 0; 64*word < len(s.subject); word++ {
		if active == 0 && s.carry[word] == 0 {
			continue
		}
		switch text := s.subject[64*word : min(64*word+64, len(s.subject))]; {
		case divides || s.divided:
			active = s.readDivided(active, text, word)
		case s.special[word]:
			active = s.readSpecial(active, text, word)
		default:
			active = s.readPlain(active, text)
		}
	}
	s.matched = s.matched || active&s.final != 0
	s.literal = [256]uint64{}
	s.one, s.after, s.run, s.start, s.final, s.used, s.divided = 0, 0, 0, 0, 0, 0, divides
}

// readPlain reads up to 64 bytes that are all characters, in a block that divides
// no pattern.
func (s *scan) readPlain(active uint64, text string) uint64 {
	one, run := s.one, s.run
	for i := range len(text) {
		active = (active&(s.literal[text[i]]|one))<<1 | active&run
	}
	return active
}

// readSpecial reads up to 64 bytes of any kind, in a block that divides no pattern.
func (s *scan) readSpecial(active uint64, text string, word int) uint64 {
	one, stay := s.wildcards()
	kinds := s.kinds[64*word : 64*word+len(text)]
	for i, kind := range kinds {
		active = (active&(s.literal[text[i]]|one[kind&3]))<<1 | active&stay[kind&3]
	}
	return active
}

// readDivided reads up to 64 bytes of any kind, in a block that divides a pattern.
func (s *scan) readDivided(active uint64, text string, word int) uint64 {
	one, stay := s.wildcards()
	kinds := s.kinds[64*word : 64*word+len(text)]
	in, out := s.carry[word], uint64(0)
	for i, kind := range kinds {
		moved := active & (s.literal[text[i]] | one[kind&3])
		out |= moved >> 63 << (i & 63)
		active = moved<<1 | active&stay[kind&3] | in&1
		in >>= 1
	}
	s.carry[word] = out
	return active
}

// wildcards returns, for a byte of each kind, which states reading a character
// leaves, and which stay active. What has read a character with ? stays where
// it is to the end of the character.
func (s *scan) wildcards() (one, stay [byteKinds + 1]uint64) {
	one[characterByte], stay[characterByte] = s.one, s.run
	stay[insideByte] = s.run | s.after
	return one, stay
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
