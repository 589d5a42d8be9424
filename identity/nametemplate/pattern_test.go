package nametemplate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
)

const spiffePattern = "spiffe://cluster.local/ns/{namespace}/sa/{name}"

func pattern(t testing.TB, text string) *Pattern {
	t.Helper()
	p, err := CompilePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatternMatch(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text string
		want                []string // nil: no match
	}{
		{"exact", "alice", "alice", []string{}},
		{"exact is whole", "alice", "alice2", nil},
		{"exact is not a suffix", "alice", "xalice", nil},
		{"exact, and nothing", "alice", "", nil},
		{"two captures", spiffePattern, "spiffe://cluster.local/ns/team-a/sa/builder", []string{"team-a", "builder"}},
		{"a capture holds no slash", spiffePattern, "spiffe://cluster.local/ns/team-a/x/sa/builder", nil},
		{"a capture is not empty", spiffePattern, "spiffe://cluster.local/ns//sa/builder", nil},
		{"the last capture is not empty", spiffePattern, "spiffe://cluster.local/ns/team-a/sa/", nil},
		{"nothing follows", spiffePattern, "spiffe://cluster.local/ns/team-a/sa/builder/x", nil},
		{"case counts", spiffePattern, "SPIFFE://cluster.local/ns/team-a/sa/builder", nil},
		{"every character of names", "{name}", "aZ09+=,.@_-", []string{"aZ09+=,.@_-"}},
		{"a colon is none", "{name}", "a:b", nil},
		{"a blank is none", "{name}", "a b", nil},
		{"a percent is none", "{name}", "a%2fb", nil},
		{"a NUL is none", "{name}", "a\x00", nil},
		{"a line break is none", "{name}", "a\n", nil},
		{"other letters are none", "{name}", "jürgen", nil},
		{"half a character is none", "{name}", "a\xff", nil},
		{"a star is a star", "team/*/{name}", "team/*/x", []string{"x"}},
		{"a star is nothing else", "team/*/{name}", "team/a/x", nil},
		{"literal characters of names around a capture", "a-{name}-z", "a-b-z", []string{"b"}},
		{"the capture takes what it can", "{name}-z", "a-z-z", []string{"a-z"}},
		{"and leaves it room", "a{name}a", "aa", nil},
		{"one character of room", "a{name}a", "aaa", []string{"a"}},
		{"mail", "{name}@example.com", "mallory@evil.com@example.com", []string{"mallory@evil.com"}},
		{"mail of another", "{name}@example.com", "mallory@example.com.evil.com", nil},
		{"letters of other alphabets in the literal", "CN=Jürgen {name},O=Ü", "CN=Jürgen x,O=Ü", []string{"x"}},
		{"their bytes part captures", "{first}ü{last}", "aüb", []string{"a", "b"}},
		{"literal braces", "{{11111111-2222}}", "{11111111-2222}", []string{}},
		{"literal braces are there", "{{11111111-2222}}", "11111111-2222", nil},
		{"literal braces are single", "{{a}}", "{{a}}", nil},
		{"a capture in literal braces", "{{{uuid}}}", "{11111111-2222}", []string{"11111111-2222"}},
		{"a capture in literal braces, without them", "{{{uuid}}}", "11111111-2222", nil},
		{"two captures in literal braces", "{{{workspace}}}:{{{repository}}}", "{a}:{b}", []string{"a", "b"}},
		{"a closing brace after a capture", "{a}}}", "x}", []string{"x"}},
		{"braces alone", "{{}}", "{}", []string{}},
		{"a brace is not a character of a name", "{name}", "a}b", nil},
		{"more captures than the buffer holds", "{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}", "0/1/2/3/4/5/6/7/8/9",
			[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := pattern(t, c.pattern).Match(c.text)
			if ok != (c.want != nil) || !slices.Equal(got, c.want) {
				t.Errorf("captures %q, %v; want %q", got, ok, c.want)
			}
		})
	}
}

func TestCompilePatternRefuses(t *testing.T) {
	for _, c := range []struct{ name, pattern, want string }{
		{"empty", "", "is empty"},
		{"captures side by side", "{a}{b}", "has nothing that separates {a} and {b}"},
		{"captures parted by a character of names", "{a}-{b}", "has nothing that separates {a}"},
		{"a name twice", "{a}/{a}", "captures {a} twice"},
		{"no name", "{}", "does not begin a {name}"},
		{"not closed", "a{b", "does not begin a {name}"},
		{"not opened", "a}b", "} without {; write }} for a literal }"},
		{"closed twice", "{a}}", "} without {; write }}"},
		{"a brace of three", "}}}", "} without {"},
		{"an escape and a brace", "{{a}", "} without {"},
		{"a UUID in braces", "{11111111-2222-4333-8444-555555555555}", "double a literal brace: {{ or }}"},
		{"nested", "{a{b}}", "does not begin a {name}"},
		{"three opened", "{{{a", "does not begin a {name}"},
		{"capital", "{Name}", "does not begin a {name}"},
		{"digit first", "{1a}", "does not begin a {name}"},
		{"other characters", "{a-b}", "does not begin a {name}"},
		{"line break", "alice\n", "control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p, err := CompilePattern(c.pattern); p != nil || err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "" {
				t.Errorf("pattern %v, error %v; want %q", p, err, c.want)
			}
		})
	}
}

func TestPatternOverlaps(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"the same", "alice", "alice", true},
		{"different", "alice", "bob", false},
		{"a name of the pattern", "{name}@example.com", "alice@example.com", true},
		{"too short for the pattern", "a{name}a", "aa", false},
		{"no name of the pattern", "{name}@example.com", "alice@example.org", false},
		{"the same except for names", "ns/{a}/sa/{b}", "ns/{c}/sa/{d}", true},
		{"one fixes the first, one the second", "ns/{a}/sa/ci", "ns/prod/sa/{b}", true},
		{"both fix the first", "ns/dev/sa/{b}", "ns/prod/sa/{b}", false},
		{"beginnings agree", "dev-{a}", "dev-team-{a}", true},
		{"beginnings differ", "dev-{a}", "prod-{a}", false},
		{"ends agree", "{a}-ci", "{a}-team-ci", true},
		{"ends differ", "{a}-ci", "{a}-cd", false},
		{"beginning against end", "dev-{a}", "{a}-ci", true},
		{"more segments", "a/{b}", "a/{b}/{c}", false},
		{"the same braces", "{{a}}", "{{a}}", true},
		{"a name in braces", "{{{a}}}", "{{x}}", true},
		{"a name, and braces", "{a}", "{{x}}", false},
		{"other characters between", "{a}/{b}", "{a}:{b}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := pattern(t, c.a), pattern(t, c.b)
			if a.Overlaps(b) != c.want || b.Overlaps(a) != c.want {
				t.Errorf("%v and %v, want %v", a.Overlaps(b), b.Overlaps(a), c.want)
			}
		})
	}
}

// TestSubjectCaptures checks that a capture stays within one attribute of a subject.
func TestSubjectCaptures(t *testing.T) {
	two, err := CompileSubject("CN={name},O={unit}")
	if err != nil {
		t.Fatal(err)
	}
	if captures, ok := two.Match("CN=a,O=b@c"); !ok || fmt.Sprint(captures) != "[a b@c]" {
		t.Errorf("%v, %v", captures, ok)
	}
	for _, text := range []string{"CN=a,OU=x,O=b", "CN=a+UID=1,O=b", "CN=a=b,O=c", `CN=a\,b,O=c`} {
		if captures, ok := two.Match(text); ok {
			t.Errorf("%s: %q", text, captures)
		}
	}
}

// TestSubjectPatternsAsExpressions compares patterns of subjects with equivalent
// regular expressions, on every small pattern and text.
func TestSubjectPatternsAsExpressions(t *testing.T) {
	ambiguous := regexp.MustCompile(`\*a*\*`) // nothing between two captures that neither matches
	texts, compiled := allTexts([]string{"a", "=", ",", "."}, 5), 0
	for _, word := range allTexts([]string{"a", "=", ",", "*"}, 4)[1:] {
		p, err := CompileSubject(named(word))
		if (err != nil) != ambiguous.MatchString(word) {
			t.Errorf("%q: error %v", word, err)
		}
		if err != nil {
			continue
		}
		compiled++
		expression := regexp.MustCompile("^" + strings.ReplaceAll(word, "*", "([A-Za-z0-9.@_-]+)") + "$")
		for _, text := range texts {
			want := expression.FindStringSubmatch(text)
			if got, ok := p.Match(text); ok != (want != nil) || ok && !slices.Equal(got, want[1:]) {
				t.Fatalf("%q matches %q: %v with %q; the expression says %q", p, text, ok, got, want)
			}
		}
	}
	if compiled < 200 {
		t.Errorf("only %d patterns", compiled)
	}
}
