package mapping

import (
	"regexp"
	"strings"
	"testing"
)

const (
	ociGrammar = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
	ecrGrammar = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`
)

// TestValidName checks names by the rules of OCI and ECR.
func TestValidName(t *testing.T) {
	tests := []struct {
		name     string
		oci, ecr bool
	}{
		{"", false, false},
		{"a", true, false},
		{"ab", true, true},
		{"0/1", true, true},
		{"a.b_c-d/e", true, true},
		{"a__b", true, false},
		{"a___b", false, false},
		{"a--b", true, false},
		{"a----b/c", true, false},
		{"a..b", false, false},
		{"a.-b", false, false},
		{"a_.b", false, false},
		{"-ab", false, false},
		{"ab-", false, false},
		{"ab/", false, false},
		{"/ab", false, false},
		{"a//b", false, false},
		{"a/./b", false, false},
		{"a/../b", false, false},
		{"Ab", false, false},
		{"a b", false, false},
		{"a*", false, false},
		{"a:b", false, false},
		{"aé", false, false},
		{"a\x00", false, false},
		{strings.Repeat("a", 255), true, true},
		{strings.Repeat("a", 256), false, true},
		{strings.Repeat("a", 257), false, false},
	}
	for _, test := range tests {
		if got := validName(test.name, false); got != test.oci {
			t.Errorf("OCI %q: got %v", test.name, got)
		}
		if got := validName(test.name, true); got != test.ecr {
			t.Errorf("ECR %q: got %v", test.name, got)
		}
	}
}

// FuzzValidName compares validName with the published grammars.
func FuzzValidName(f *testing.F) {
	oci := regexp.MustCompile(`\A(?:` + ociGrammar + `)\z`)
	ecr := regexp.MustCompile(`\A(?:` + ecrGrammar + `)\z`)
	for _, seed := range []string{"a", "a/b", "a__b--c.d/e", "a._b", "A", "a//b", "-a", "a-", "a\n", strings.Repeat("a", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, want := validName(name, false), oci.MatchString(name) && len(name) <= 255; got != want {
			t.Errorf("OCI %q: got %v; want %v", name, got, want)
		}
		if got, want := validName(name, true), ecr.MatchString(name) && len(name) >= 2 && len(name) <= 256; got != want {
			t.Errorf("ECR %q: got %v; want %v", name, got, want)
		}
	})
}

// TestValidReference checks tags, digests and IDs of uploads.
func TestValidReference(t *testing.T) {
	for _, s := range []string{"latest", "_", "v1.0-rc_1", layer, "sha256+b64u:aA_-=", "...", ".x", strings.Repeat("a", 1000)} {
		if !validReference(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", ".", "..", "a/b", "a b", "a*", "a%41", "a@b", "a~", "a,b", "é", "a\x00"} {
		if validReference(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}
