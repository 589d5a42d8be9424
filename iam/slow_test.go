package iam

import (
	"fmt"
	"strings"
	"testing"
)

// slowMatch is the reference for matching. It matches one pattern at a time, in at most
// as many steps as the product of the lengths of pattern and subject. Only the latest run
// can be extended: if extending that one does not help, extending an earlier one does not
// either.
func (p *pattern) slowMatch(subject string, c Context) bool {
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
		if width := p.slowConsume(next, subject, at, open, c); width >= 0 {
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

// slowConsume returns how many bytes of the subject the token covers at an offset, or -1,
// also after the last token.
func (p *pattern) slowConsume(token int, subject string, at, open int, c Context) int {
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

// matchCase is a list of patterns and a subject for them.
type matchCase struct {
	syntax   syntax
	patterns []string
	subject  string
	context  Context
}

// check compares every way of matching with the reference. It returns false if
// the patterns are not valid.
func (c *matchCase) check(t testing.TB) bool {
	t.Helper()
	var patterns []pattern
	for _, text := range c.patterns {
		p, err := c.syntax.pattern(text)
		if err != nil {
			return false
		}
		patterns = append(patterns, p)
	}
	want := false
	for i := range patterns {
		one := patterns[i].slowMatch(c.subject, c.context)
		c.compare(t, patterns[i:i+1], one)
		want = want || one
	}
	c.compare(t, patterns, want)
	return true
}

func (c *matchCase) compare(t testing.TB, patterns []pattern, want bool) {
	t.Helper()
	open := 0
	if c.syntax.arn {
		open = endOfFifthColon(c.subject)
	}
	unlimited := meter{left: 1 << 60}
	set := newPatternSet(patterns)
	for name, got := range map[string]bool{
		"as a set":          set.match(c.subject, c.context, &unlimited),
		"in one scan":       scanAny(patterns, c.subject, c.context, open, &unlimited),
		"with backtracking": tryAll(patterns, c.subject, c.context, open, &unlimited),
	} {
		if got != want {
			t.Errorf("%q match %q %s: %v, want %v (%+v, context %+v)", c.patterns, c.subject, name, got, want, c.syntax, c.context)
		}
	}
}

// text returns up to n pieces of an alphabet.
func (g generator) text(alphabet []string, n int) string {
	var b strings.Builder
	for range g.IntN(n + 1) {
		b.WriteString(pick(g, alphabet...))
	}
	return b.String()
}

// matchCase generates a case from a small alphabet, so that patterns often match. A long
// case has patterns of several blocks.
func (g generator) matchCase(length int) *matchCase {
	letters := [][]string{{"a"}, {"a", "b"}, {"a", "b", ":"}, {"a", ":", "\u00e9", "\u20ac"}, {"a", "A", "k", "\u212a", "\u00e9", "\u00c9"}}[g.IntN(5)]
	c := &matchCase{syntax: syntax{wildcards: true, variables: true, arn: g.chance(2)}}
	c.syntax.ignoreCase = !c.syntax.arn && g.chance(3)
	wild := append([]string{"*", "?", "*", "?a", "${k:v}", "${k:w, 'a'}"}, letters...)
	if g.chance(2) {
		wild = append([]string{"*", "?"}, letters...)
	}
	hostile := letters
	if g.chance(3) {
		hostile = append([]string{"\xff", "\xc3", "\xa9", "\xe2\x82"}, letters...)
	}
	for range 1 + g.IntN(5) {
		c.patterns = append(c.patterns, g.text(wild, length))
	}
	c.subject = g.text(hostile, 2*length)
	if g.chance(2) {
		c.subject = strings.Repeat(c.subject, 1+g.IntN(4))
	}
	if g.chance(2) {
		c.subject = "a:b:c:d:e:" + c.subject
	}
	c.context = Context{{Key: "k:v", Value: g.text(hostile, length/2)}}
	if g.chance(2) {
		c.context = append(c.context, ContextEntry{Key: "k:w", Value: g.text(hostile, 3)})
	}
	return c
}

// TestMatchersAgree compares the fast matchers with the reference.
func TestMatchersAgree(t *testing.T) {
	checked, matched := 0, 0
	for seed := range uint64(6000) {
		g := newGenerator(seed)
		c := g.matchCase([]int{4, 12, 150}[seed%3])
		if !c.check(t) {
			continue
		}
		checked++
		p, _ := c.syntax.pattern(c.patterns[0])
		if p.slowMatch(c.subject, c.context) {
			matched++
		}
	}
	if checked < 5000 || matched < 300 {
		t.Errorf("only %d cases were compared, of which %d match", checked, matched)
	}
}

// FuzzMatchers compares the fast matchers with the reference. The patterns are
// separated by line breaks.
func FuzzMatchers(f *testing.F) {
	f.Add("a*b?c\n*a*", "axxbyc", "x", uint8(0))
	f.Add("arn:*:e?r:*:*:a:*\n*${k:v}?", "arn:aws:ecr:r:1:a:b:c", "a:b", uint8(1))
	f.Add("*K?\u00c9*", "k\u212a\u00e9", "", uint8(2))
	f.Add("*"+strings.Repeat("?a", 80)+"*\n*"+strings.Repeat("a?", 40)+"\u20ac", strings.Repeat("a", 200)+"\u20ac", "\xe2", uint8(0))
	f.Add("*${k:v}?*", "\xe2\x82\xac", "\xe2", uint8(0))
	f.Add("*${k:v}?", "kb", "\u212a", uint8(2))
	f.Fuzz(func(t *testing.T, patterns, subject, value string, mode uint8) {
		if len(patterns) > 1000 || len(subject) > 2000 || len(value) > 500 || strings.ToValidUTF8(patterns, "") != patterns {
			return
		}
		c := matchCase{patterns: strings.Split(patterns, "\n"), subject: subject, context: Context{{Key: "k:v", Value: value}}}
		c.syntax = syntax{wildcards: true, variables: mode&4 == 0, arn: mode&1 != 0, ignoreCase: mode&3 == 2}
		c.check(t)
	})
}

// TestLongLists checks that long lists, which are searched by hashes and beginnings, match what
// their elements match.
func TestLongLists(t *testing.T) {
	for seed := range uint64(300) {
		g := newGenerator(seed)
		c := &matchCase{syntax: syntax{wildcards: g.chance(2), ignoreCase: g.chance(2)}}
		if !c.syntax.ignoreCase {
			c.syntax.variables, c.syntax.arn = g.chance(2), g.chance(3)
		}
		c.context = Context{{Key: "k:v", Value: g.text([]string{"a", "b", ":"}, 2)}}
		alphabet := []string{"a", "A", "b", "k", "\u212a", "\u00e9", "\u00c9"}
		if g.chance(2) {
			alphabet = []string{"a", "A", "b", "*", "?", "${k:v}", "a:", "\u00e9"}
		}
		for range 1 + g.IntN(4*fewLiterals) {
			c.patterns = append(c.patterns, g.text(alphabet, 4))
		}
		if g.chance(4) {
			c.patterns = append(c.patterns, strings.Repeat("aK", 200))
		}
		for range 20 {
			c.subject = pick(g, g.text(append([]string{"\xff"}, alphabet...), 4), strings.Repeat("Ak", 200), strings.Repeat("Ak", 200)+"x")
			if !c.check(t) {
				t.Fatal("the patterns are not valid")
			}
		}
	}
}

// TestManyActions checks that a long list of actions matches without regard to case.
func TestManyActions(t *testing.T) {
	c := &matchCase{syntax: syntax{wildcards: true, ignoreCase: true}}
	for i := range 2 * fewPatterns {
		c.patterns = append(c.patterns, fmt.Sprintf("ecr:Get%dImage*", i))
	}
	for _, c.subject = range []string{"ecr:Get7ImageA", "ECR:GET7imagea", "ecr:Get7Imag", "ecr:get77Image"} {
		c.check(t)
	}
}
