package sts

import (
	"extauthz/diag"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCheckTags(t *testing.T) {
	for _, c := range []struct {
		name string
		tags []Tag
		want string // "" is accepted
	}{
		{"none", nil, ""},
		{"every character", []Tag{{"aZ09 _.:/=+-@", "aZ09 _.:/=+-@"}}, ""},
		{"letters of other alphabets", []Tag{{"部門", "Zürich ٣"}}, ""},
		{"empty value", []Tag{{"team", ""}}, ""},
		{"longest", []Tag{{strings.Repeat("ü", 128), strings.Repeat("ü", 256)}}, ""},
		{"most", manyTags(50), ""},
		{"too many", manyTags(51), "too many tags: 51, and AWS allows 50"},
		{"no key", []Tag{{"", "a"}}, "no key"},
		{"long key", []Tag{{strings.Repeat("a", 129), ""}}, "129 characters, and AWS allows 128"},
		{"long value", []Tag{{"team", strings.Repeat("a", 257)}}, "257 characters, and AWS allows 256"},
		{"star in a key", []Tag{{"te*m", ""}}, "the tag key"},
		{"star in a value", []Tag{{"team", "*"}}, "the value of the tag \"team\""},
		{"question mark in a value", []Tag{{"team", "a?"}}, "characters other than"},
		{"dollar in a value", []Tag{{"team", "${aws:username}"}}, "characters other than"},
		{"line break in a value", []Tag{{"team", "a\nb"}}, "characters other than"},
		{"half a character in a value", []Tag{{"team", "a\xff"}}, "characters other than"},
		{"reserved", []Tag{{"aws:team", ""}}, "reserved"},
		{"reserved in capitals", []Tag{{"AwS:team", ""}}, "reserved"},
		{"reserved value", []Tag{{"team", "aws:a"}}, "reserved"},
		{"not reserved", []Tag{{"awsteam", "a aws:"}}, ""},
		{"twice", []Tag{{"team", "a"}, {"team", "a"}}, `"team" and "team" are the same`},
		{"twice in different case", []Tag{{"Team", "a"}, {"b", ""}, {"tEAM", "b"}}, `"Team" and "tEAM" are the same`},
		{"twice in different case in another alphabet", []Tag{{"Ü", "a"}, {"ü", "b"}}, "are the same"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckTags(c.tags)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func manyTags(n int) []Tag {
	var tags []Tag
	for i := range n {
		tags = append(tags, Tag{fmt.Sprint("key", i), "value"})
	}
	return tags
}

func TestCheckTagsKeepsValuesToItself(t *testing.T) {
	for _, value := range []string{"secret*", strings.Repeat("secret", 50)} {
		if err := CheckTags([]Tag{{"team", value}}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v", err)
		}
	}
}

func TestMergeTags(t *testing.T) {
	for _, c := range []struct {
		name             string
		base, over, want []Tag
	}{
		{"nothing", nil, nil, nil},
		{"base alone", []Tag{{"a", "1"}}, nil, []Tag{{"a", "1"}}},
		{"over alone", nil, []Tag{{"a", "1"}}, []Tag{{"a", "1"}}},
		{"both", []Tag{{"a", "1"}}, []Tag{{"b", "2"}}, []Tag{{"a", "1"}, {"b", "2"}}},
		{"over wins", []Tag{{"a", "1"}, {"b", "1"}}, []Tag{{"a", "2"}}, []Tag{{"b", "1"}, {"a", "2"}}},
		{"over wins whatever the case", []Tag{{"Team", "1"}}, []Tag{{"tEAM", "2"}}, []Tag{{"tEAM", "2"}}},
		{"an empty value wins too", []Tag{{"a", "1"}}, []Tag{{"a", ""}}, []Tag{{"a", ""}}},
		{"case of another alphabet", []Tag{{"Ü", "1"}}, []Tag{{"ü", "2"}}, []Tag{{"ü", "2"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, over := slices.Clone(c.base), slices.Clone(c.over)
			if got := mergeTags(c.base, c.over); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if !slices.Equal(base, c.base) || !slices.Equal(over, c.over) {
				t.Error("the arguments changed")
			}
		})
	}
}

func BenchmarkMergeTags(b *testing.B) {
	base, over := manyTags(10), manyTags(5)
	b.ReportAllocs()
	for b.Loop() {
		mergeTags(base, over)
	}
}

func TestCheckShownTags(t *testing.T) {
	many := make([]Tag, 51)
	for i := range many {
		many[i] = Tag{fmt.Sprintf("k%d", i), ""}
	}
	for _, c := range []struct {
		name string
		tags []Tag
		want string // in the error; "" for none
	}{
		{"none", nil, ""},
		{"AWS's own", []Tag{{"team", "blue"}, {"aws:cloudformation:stack-name", "aws:build"}}, ""},
		{"AWS's own do not count", append([]Tag{{"aws:a", ""}}, many[:50]...), ""},
		{"too many", many, "too many tags: 51"},
		{"two of AWS's that differ in case", []Tag{{"aws:A", "1"}, {"aws:a", "2"}}, `the tag keys "aws:A" and "aws:a" are the same`},
		{"two that differ in case", []Tag{{"Team", "1"}, {"aws:a", ""}, {"team", "2"}}, `the tag keys "Team" and "team" are the same`},
		{"a reserved value", []Tag{{"team", "aws:blue"}}, "reserved for AWS"},
		{"no key", []Tag{{"", "blue"}}, "a tag has no key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checkEntityTags(c.tags)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "") {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}

// Source: Amazon ECR User Guide, "Tag restrictions": at most 50 tags in addition to
// AWS's own, with case-sensitive keys and values.
func TestCheckResourceTags(t *testing.T) {
	many := make([]Tag, 51)
	for i := range many {
		many[i].Key = fmt.Sprintf("k%d", i)
	}
	for _, c := range []struct {
		name, want string // "" for no error
		tags       []Tag
	}{
		{"keys that differ in case", "", []Tag{{"Team", "a"}, {"team", "b"}}},
		{"AWS's own", "", append(many[:50:50], Tag{"aws:cloudformation:stack-name", "a"})},
		{"a key twice", `the tag key "team" is listed twice`, []Tag{{"team", "a"}, {"team", "a"}}},
		{"too many", "too many tags: 51", many},
		{"no key", "a tag has no key", []Tag{{"", "a"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckResourceTags(c.tags)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
