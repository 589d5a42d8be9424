package nearest

import (
	"slices"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

func TestTo(t *testing.T) {
	known := []string{"policies", "Principal", "path", "claims"}
	for _, c := range []struct {
		name string
		most int
		want string
	}{
		{"polices", 2, "policies"},
		{"policy", 3, "policies"},
		{"policy", 2, ""},
		{"PRINCIPAL", 0, "Principal"},
		{"principle", 3, "Principal"},
		{"paths", 4, "path"},
		{"", 3, ""},
		{"", 4, "path"},
		{"boundary", 4, ""},
	} {
		if got := To(c.name, slices.Values(known), c.most); got != c.want {
			t.Errorf("%q, %d: got %q want %q", c.name, c.most, got, c.want)
		}
	}
	if got := To("ab", slices.Values([]string{"aa", "bb"}), 1); got != "aa" {
		t.Errorf("of two that are as near got %q, want the first", got)
	}
}

func TestDidYouMean(t *testing.T) {
	if got := DidYouMean("path"); got != `; did you mean "path"?` {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean(""); got != "" {
		t.Errorf("got %q", got)
	}
}

// slowDistance computes the distance by its definition.
func slowDistance(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	case a[0] == b[0]:
		return slowDistance(a[1:], b[1:])
	}
	return 1 + min(slowDistance(a[1:], b[1:]), slowDistance(a[1:], b), slowDistance(a, b[1:]))
}

func FuzzDistance(f *testing.F) {
	f.Add("kitten", "sitting")
	f.Add("policy", "policies")
	f.Add("", "ab")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = a[:min(len(a), 7)], b[:min(len(b), 7)]
		if got, want := distance(a, b), slowDistance(a, b); got != want {
			t.Errorf("%q, %q: got %d want %d", a, b, got, want)
		}
	})
}
