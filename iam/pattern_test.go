package iam

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// wildcards is the syntax of StringLike, with policy variables.
var wildcards = syntax{wildcards: true, variables: true}

// patternCase is a pattern, a subject and whether they match.
type patternCase struct {
	name, pattern, subject string
	want                   bool
}

func checkPatterns(t *testing.T, context Context, tests []patternCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := wildcards.pattern(test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.match(test.subject, context); got != test.want {
				t.Errorf("%q matches %q: %v", test.pattern, test.subject, got)
			}
		})
	}
}

// Source: IAM User Guide, "Policy variables".
func TestVariables(t *testing.T) {
	context := Context{
		{Key: "aws:username", Value: "alice"},
		{Key: "aws:PrincipalTag/star", Value: "*"},
		{Key: "aws:PrincipalTag/mark", Value: "?"},
		{Key: "aws:PrincipalTag/variable", Value: "${aws:username}"},
		{Key: "aws:PrincipalTag/empty", Value: ""},
		{Key: "aws:TagKeys", Values: []string{"a"}, Multi: true},
	}
	checkPatterns(t, context, []patternCase{
		{"variable", "x-${aws:username}", "x-alice", true},
		{"variable, key in another case", "${AWS:UserName}", "alice", true},
		{"variable, other value", "x-${aws:username}", "x-bob", false},
		{"variable between wildcards", "*${aws:username}?", "xxalicey", true},
		{"two variables", "${aws:username}${aws:username}", "alicealice", true},
		{"empty value", "a${aws:PrincipalTag/empty}b", "ab", true},
		{"missing key", "*${aws:userid}", "alice", false},
		{"missing key, empty subject", "${aws:userid}", "", false},
		{"missing key with a default", "${aws:userid, 'unknown'}", "unknown", true},
		{"present key with a default", "${aws:username, 'unknown'}", "unknown", false},
		{"default with a brace", "${aws:userid, 'a}b'}", "a}b", true},
		{"empty default", "x${aws:userid, ''}", "x", true},
		{"default is literal", "${aws:userid, '*'}", "abc", false},
		{"default is literal, itself", "${aws:userid, '*'}", "*", true},
		{"multivalued key has no value", "*${aws:TagKeys}*", "a", false},
		{"multivalued key takes no default", "${aws:TagKeys, 'a'}", "a", false},
		{"star in a value is literal", "${aws:PrincipalTag/star}", "anything", false},
		{"star in a value matches itself", "${aws:PrincipalTag/star}", "*", true},
		{"question mark in a value is literal", "${aws:PrincipalTag/mark}", "x", false},
		{"a value is not expanded again", "${aws:PrincipalTag/variable}", "alice", false},
		{"a value that looks like a variable", "${aws:PrincipalTag/variable}", "${aws:username}", true},
		{"escaped star", "${*}", "abc", false},
		{"escaped star matches itself", "a${*}", "a*", true},
		{"escaped question mark", "${?}", "a", false},
		{"escaped question mark matches itself", "${?}", "?", true},
		{"escaped dollar", "${$}{x}", "${x}", true},
		{"without an end it is text", "a${b", "a${b", true},
		{"dollar alone is text", "a$b{c}", "a$b{c}", true},
	})
}

// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", for
// StringLike.
func TestWildcards(t *testing.T) {
	checkPatterns(t, nil, []patternCase{
		{"literal", "abc", "abc", true},
		{"literal is whole", "abc", "abcd", false},
		{"literal is anchored at the start", "abc", "xabc", false},
		{"empty pattern", "", "", true},
		{"empty pattern, other subject", "", "a", false},
		{"star covers nothing", "a*", "a", true},
		{"star covers much", "a*", "abcdef", true},
		{"star alone covers the empty string", "*", "", true},
		{"star in the middle", "a*c", "abbbc", true},
		{"star in the middle, wrong end", "a*c", "abbbd", false},
		{"the last c counts", "a*c", "acbc", true},
		{"two stars", "*b*", "abc", true},
		{"two stars, absent", "*b*", "acd", false},
		{"stars in a row", "a***c", "abc", true},
		{"question mark is one character", "a?c", "abc", true},
		{"question mark is not none", "a?c", "ac", false},
		{"question mark is not two", "a?c", "abbc", false},
		{"question mark is one rune", "a?c", "a\u00e9c", true},
		{"question mark is one rune of four bytes", "?", "\U0001f600", true},
		{"star never leaves half a rune", "*??", "\u20ac", false},
		{"star and question mark", "*?", "a", true},
		{"star and question mark need a character", "*?", "", false},
		{"no other character is special", "a.[b]+", "a.[b]+", true},
		{"dot is a dot", "a.c", "abc", false},
		{"case counts", "abc", "ABC", false},
		{"star covers slashes and colons", "a*z", "a/b:c/z", true},
	})
}

// Wildcards before the fifth colon of an ARN stay within their segment
// (IAM User Guide, "IAM JSON policy elements: Resource").
func TestARNPattern(t *testing.T) {
	const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	for _, test := range []struct {
		pattern, subject string
		want             bool
	}{
		{repository, repository, true},
		{"arn:aws:ecr:*:*:repository/*", repository, true},
		{"arn:aws:ecr:*:*:*", repository, true},
		{"arn:*:*:*:*:*", repository, true},
		{"arn:aws:ecr:eu-*-1:123456789012:repository/team/*", repository, true},
		{"arn:aws:ecr:*:repository/team/app:x:y", repository + ":x:y", false},
		{"arn:aws:*:repository/team/app:::", repository, false},
		{"arn:aws:ecr:*:*:repository/te?m/app", repository, true},
		{"arn:aws:ecr?eu-central-1:123456789012:repository/team/app:", repository, false},
		{"arn:aws:ecr:*123456789012:x:repository/team/app", repository, false},
		{"arn:aws:ecr:*:*:r*:b*", "arn:aws:ecr:r:1:repo/a:b", true},
		{"arn:aws:ecr:*:*:*b", "arn:aws:ecr:r:1:repo/a:b", true},
		{"arn:aws:ecr:*:*:repository/TEAM/*", repository, false},
		{"ARN:aws:ecr:*:*:*", repository, false},
		{"arn:AWS:ecr:*:*:*", repository, false},
		{"arn:aws:ecr:*:*:repository/*", "arn:aws:ecr:eu-central-1:123456789012:repository/*", true},
		{"arn:aws:ecr:*:*:repository/team/*", "arn:aws:ecr:eu-central-1:123456789012:repository/*", false},
		{"arn:aws:ecr:*:*:repository/?", "arn:aws:ecr:eu-central-1:123456789012:repository/*", true},
	} {
		p, err := arnPattern(test.pattern, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match(test.subject, nil); got != test.want {
			t.Errorf("%q matches %q: %v", test.pattern, test.subject, got)
		}
		if got := twinARNMatch(test.pattern, test.subject); got != test.want {
			t.Errorf("twin: %q matches %q: %v", test.pattern, test.subject, got)
		}
	}
}

// twinMatch follows the definition of wildcards literally.
func twinMatch(pattern, subject string) bool {
	switch {
	case pattern == "":
		return subject == ""
	case pattern[0] == '*':
		if twinMatch(pattern[1:], subject) {
			return true
		}
		_, width := utf8.DecodeRuneInString(subject)
		return subject != "" && twinMatch(pattern, subject[width:])
	case subject == "":
		return false
	case pattern[0] == '?':
		_, width := utf8.DecodeRuneInString(subject)
		return twinMatch(pattern[1:], subject[width:])
	}
	return pattern[0] == subject[0] && twinMatch(pattern[1:], subject[1:])
}

// twinARNMatch splits both sides and compares segment by segment.
func twinARNMatch(pattern, subject string) bool {
	patterns, subjects := strings.SplitN(pattern, ":", 6), strings.SplitN(subject, ":", 6)
	if len(patterns) != 6 || len(subjects) != 6 {
		return false
	}
	for i := range patterns {
		if !twinMatch(patterns[i], subjects[i]) {
			return false
		}
	}
	return true
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"a*b?c", "axxbyc"}, {"*a*b*c*", "aabbcc"}, {"?*?", "ab"}, {"**a", "\u20aca"}, {"*??", "\xff\xfe"},
		{"arn:*:e?r:*:*:a:*", "arn:aws:ecr:r:1:a:b:c"}, {"a:b*:c:*:?:*d", "a:b:c:::d"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, subject string) {
		if len(text) > 24 || len(subject) > 48 {
			return // the twin takes exponential time
		}
		plain, err := syntax{wildcards: true}.pattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plain.match(subject, nil), twinMatch(text, subject); got != want && utf8.ValidString(text) {
			t.Errorf("%q matches %q: %v, twin %v", text, subject, got, want)
		}
		if arn, err := arnPattern(text, false); err == nil && strings.Count(subject, ":") >= 5 && utf8.ValidString(text) {
			if got, want := arn.match(subject, nil), twinARNMatch(text, subject); got != want {
				t.Errorf("%q matches ARN %q: %v, twin %v", text, subject, got, want)
			}
		}
	})
}

func TestMalformedVariables(t *testing.T) {
	for _, text := range []string{
		"${}", "${aws:username,'x'}", "${aws:username, x}", "${aws:username, 'x}", "${aws:username, \"x\"}",
		"${, 'x'}", "${${aws:username}}", "${aws:user*}", "${aws:username, 'a'b'}",
	} {
		if p, err := wildcards.pattern(text); err == nil {
			t.Errorf("%q is taken as %+v", text, p)
		}
	}
}

func TestIgnoringCase(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"abc", "ABC", true},
		{"\u00e9", "\u00c9", true},
		{"\u212a", "k", true},  // the Kelvin sign's lower case is k
		{"\u017f", "s", false}, // the long s is lower case already
		{"\u00df", "SS", false},
		{"e\u0301", "\u00e9", false}, // no normalisation
		{"abc", "abcd", false},
		{"abc", "ab", false},
		{"\xff", "\xfe", false},
		{"\xff", "\ufffd", false},
		{"abcdefghABCDEFGHx", "abcdefghabcdefghX", true},
		{"abcdefghabcdefghx", "abcdefghabcdefghy", false},
		{"abcdefghabcdefgh", "abcdefghabcdefghx", false},
		{"abcdefg\u00e9", "abcdefg\u00c9", true}, // eight bytes end within a character
		{"abcdefg\u00e9x", "abcdefg\u00e9X", true},
		{"abcdefgh\xff", "abcdefgh\xff", false},
		{"", "", true},
	} {
		if got := equalIgnoringCase(test.a, test.b); got != test.want {
			t.Errorf("equalIgnoringCase(%q, %q) = %v", test.a, test.b, got)
		}
		if got := equalIgnoringCase(test.b, test.a); got != test.want {
			t.Errorf("equalIgnoringCase(%q, %q) = %v", test.b, test.a, got)
		}
	}
}
