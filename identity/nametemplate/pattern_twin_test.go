package nametemplate

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The twins below decide by trying everything. They share no code with what
// they check, the reading of patterns and the alphabet of names included.

// The reference implementations below try everything. They share no code with what they
// check, not even the parser of patterns and the characters of names.
var twinPlaceholder = regexp.MustCompile(`\{[a-z][A-Za-z0-9]*\}`)

const twinAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-"

// twinTokens splits a pattern into single bytes and placeholders. A doubled brace is
// one byte.
func twinTokens(pattern string) []string {
	var tokens []string
	for pattern != "" {
		if len(pattern) > 1 && (pattern[:2] == "{{" || pattern[:2] == "}}") {
			tokens, pattern = append(tokens, pattern[:1]), pattern[2:]
			continue
		}
		at := twinPlaceholder.FindStringIndex(pattern)
		if at != nil && at[0] == 0 {
			tokens, pattern = append(tokens, pattern[:at[1]]), pattern[at[1]:]
			continue
		}
		tokens, pattern = append(tokens, pattern[:1]), pattern[1:]
	}
	return tokens
}

// twinMatches returns the captures for every way in which the text matches the tokens.
func twinMatches(tokens []string, text string) [][]string {
	switch {
	case len(tokens) == 0 && text == "":
		return [][]string{{}}
	case len(tokens) == 0:
		return nil
	case len(tokens[0]) == 1:
		if text == "" || text[:1] != tokens[0] {
			return nil
		}
		return twinMatches(tokens[1:], text[1:])
	}
	var ways [][]string
	for n := 1; n <= len(text) && strings.Contains(twinAlphabet, text[n-1:n]); n++ {
		for _, way := range twinMatches(tokens[1:], text[n:]) {
			ways = append(ways, append([]string{text[:n]}, way...))
		}
	}
	return ways
}

// twinOverlap follows both patterns at once, byte by byte, and returns a text that
// matches both.
func twinOverlap(p, q []string) (string, bool) {
	var alphabet []string
	for _, token := range append(append([]string{"x"}, p...), q...) {
		if len(token) == 1 {
			alphabet = append(alphabet, token)
		}
	}
	type state struct{ i, j int }
	texts := map[state]string{{0, 0}: ""}
	for queue := []state{{0, 0}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, c := range alphabet {
			for _, i := range twinSteps(p, at.i, c) {
				for _, j := range twinSteps(q, at.j, c) {
					if _, seen := texts[state{i, j}]; !seen {
						texts[state{i, j}] = texts[at] + c
						queue = append(queue, state{i, j})
					}
				}
			}
		}
	}
	text, found := texts[state{len(p), len(q)}]
	return text, found
}

// twinSteps returns the indices in a pattern after it has read c at index i. A capture
// continues or ends.
func twinSteps(tokens []string, i int, c string) []int {
	switch {
	case i == len(tokens):
		return nil
	case len(tokens[i]) > 1 && strings.Contains(twinAlphabet, c):
		return []int{i, i + 1}
	case tokens[i] == c:
		return []int{i + 1}
	}
	return nil
}

// checkTwin compares a pattern with the reference implementation for one text.
func checkTwin(t *testing.T, p *Pattern, tokens []string, text string) {
	t.Helper()
	ways := twinMatches(tokens, text)
	captures, ok := p.Match(text)
	switch {
	case len(ways) > 1:
		t.Errorf("%q matches %q in %d ways: %q", p, text, len(ways), ways)
	case ok != (len(ways) == 1):
		t.Errorf("%q matches %q: %v, the twin says %q", p, text, ok, ways)
	case ok && !slices.Equal(captures, ways[0]):
		t.Errorf("%q matches %q with %q, the twin says %q", p, text, captures, ways[0])
	case ok && len(captures) != len(p.Names()):
		t.Errorf("%q has %d names and %d captures", p, len(p.Names()), len(captures))
	}
}

// allTexts returns all texts of at most n letters.
func allTexts(letters []string, n int) []string {
	all := []string{""}
	for from := 0; n > 0; n-- {
		to := len(all)
		for _, word := range all[from:to] {
			for _, letter := range letters {
				all = append(all, word+letter)
			}
		}
		from = to
	}
	return all
}

// named returns the pattern of a text in which * is a capture.
func named(word string) string {
	word = strings.NewReplacer("{", "{{", "}", "}}").Replace(word)
	for _, name := range strings.Split("abcdefgh", "") {
		word = strings.Replace(word, "*", "{"+name+"}", 1)
	}
	return word
}

// TestEverySmallPattern compares every pattern of up to four tokens with the reference
// implementation on every text of up to six letters. Six are enough for a text that
// matches two of them: three literals before and three after the captures.
func TestEverySmallPattern(t *testing.T) {
	texts := allTexts([]string{"a", "-", "/"}, 6)
	var patterns []*Pattern
	var matched [][]bool // by pattern, by text
	for _, word := range allTexts([]string{"a", "-", "/", "*"}, 4)[1:] {
		p, err := CompilePattern(named(word))
		if err != nil {
			checkRefusal(t, word, err)
			continue
		}
		patterns = append(patterns, p)
		tokens, row := twinTokens(p.String()), make([]bool, len(texts))
		for i, text := range texts {
			checkTwin(t, p, tokens, text)
			_, row[i] = p.Match(text)
		}
		matched = append(matched, row)
	}
	if len(patterns) < 200 || len(texts) < 1000 {
		t.Fatalf("only %d patterns and %d texts", len(patterns), len(texts))
	}
	for i, p := range patterns {
		for j, q := range patterns {
			if got, want := p.Overlaps(q), shareOne(matched[i], matched[j]); got != want {
				t.Errorf("%q overlaps %q: %v, want %v", p, q, got, want)
			}
		}
	}
}

// checkRefusal checks that a rejected pattern is ambiguous: some text matches it in two
// ways.
func checkRefusal(t *testing.T, word string, err error) {
	t.Helper()
	if !strings.Contains(err.Error(), "has nothing that separates") {
		t.Errorf("%q: %v", word, err)
	}
	tokens := twinTokens(named(word))
	for _, text := range allTexts([]string{"a", "-", "/"}, 7) {
		if len(twinMatches(tokens, text)) > 1 {
			return
		}
	}
	t.Errorf("%q is refused, but every text matches in at most one way", word)
}

func shareOne(a, b []bool) bool {
	for i := range a {
		if a[i] && b[i] {
			return true
		}
	}
	return false
}

// shape returns a pattern or text of arbitrary bytes, each of which selects a letter.
func shape(bytes []byte, letters string) string {
	var s strings.Builder
	for _, b := range bytes {
		s.WriteByte(letters[int(b)%len(letters)])
	}
	return s.String()
}

func FuzzPattern(f *testing.F) {
	f.Add([]byte("\x05\x00\x02\x05"), []byte("\x00\x00\x02\x01"))
	f.Add([]byte("\x05\x03\x00\x01"), []byte("\x01\x01\x03\x00\x01"))
	f.Fuzz(func(t *testing.T, pattern, text []byte) {
		if len(pattern) > 12 || len(text) > 24 {
			t.Skip("too much for the twin")
		}
		p, err := CompilePattern(named(shape(pattern, "a-/:\xc3*{}")))
		if err != nil {
			t.Skip(err)
		}
		checkTwin(t, p, twinTokens(p.String()), shape(text, "a-/:\xc3{}"))
	})
}

func FuzzOverlaps(f *testing.F) {
	f.Add([]byte("\x05\x00\x02\x05"), []byte("\x00\x05\x02\x05"))
	f.Add([]byte("\x05\x00"), []byte("\x01\x05"))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		if len(one) > 16 || len(other) > 16 {
			t.Skip("too much for the twin")
		}
		p, err := CompilePattern(named(shape(one, "a-/:\xc3*{}")))
		if err != nil {
			t.Skip(err)
		}
		q, err := CompilePattern(named(shape(other, "a-/:\xc3*{}")))
		if err != nil {
			t.Skip(err)
		}
		text, want := twinOverlap(twinTokens(p.String()), twinTokens(q.String()))
		if p.Overlaps(q) != want || q.Overlaps(p) != want {
			t.Fatalf("%q overlaps %q: %v and %v, the twin says %v by %q", p, q, p.Overlaps(q), q.Overlaps(p), want, text)
		}
		_, matchP := p.Match(text)
		_, matchQ := q.Match(text)
		if want && !(matchP && matchQ) {
			t.Fatalf("%q matches %q: %v, %q: %v", text, p, matchP, q, matchQ)
		}
	})
}

// FuzzCompilePattern checks that accepted patterns agree with the reference
// implementation.
func FuzzCompilePattern(f *testing.F) {
	for _, pattern := range []string{spiffePattern, "{name}@example.com", "{a}{b}", "{{a}}", "{{{a}}}", "}}{a}{{", "{a}}}", "}", "é{a}ü", "{a"} {
		f.Add(pattern, "spiffe://cluster.local/ns/a/sa/b")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 64 || len(text) > 64 {
			t.Skip("too much for the twin")
		}
		p, err := CompilePattern(pattern)
		if err != nil {
			if p != nil {
				t.Error("a pattern and an error")
			}
			return
		}
		checkTwin(t, p, twinTokens(pattern), text)
		if _, ok := p.Match(p.Literal()); p.Exact() && (!ok || p.Literal() != strings.Join(twinTokens(pattern), "")) {
			t.Errorf("%q is exact and matches its literal %q: %v", p, p.Literal(), ok)
		}
		if p.String() != pattern || !p.Overlaps(p) {
			t.Errorf("%q became %q, which overlaps itself: %v", pattern, p, p.Overlaps(p))
		}
	})
}

func BenchmarkPatternMatch(b *testing.B) {
	p := pattern(b, spiffePattern)
	for _, c := range []struct{ name, text string }{
		{"match", "spiffe://cluster.local/ns/team-a/sa/builder"},
		{"mismatch at the end", "spiffe://cluster.local/ns/team-a/pod/builder"},
		{"another trust domain", "spiffe://example.org/ns/team-a/sa/builder"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Match(c.text)
			}
		})
	}
}

func BenchmarkPatternOverlaps(b *testing.B) {
	p, q := pattern(b, spiffePattern), pattern(b, "spiffe://cluster.local/ns/prod/sa/{name}")
	b.ReportAllocs()
	for b.Loop() {
		p.Overlaps(q)
	}
}

// TestPatternMismatchAllocatesNothing checks that a pattern that does not match, as
// most do not, allocates nothing.
func TestPatternMismatchAllocatesNothing(t *testing.T) {
	p := pattern(t, spiffePattern)
	if n := testing.AllocsPerRun(100, func() { p.Match("spiffe://cluster.local/ns/team-a/pod/builder") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
