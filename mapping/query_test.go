package mapping

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestTags checks the tags that a manifest is written with.
func TestTags(t *testing.T) {
	tests := []struct {
		name, path string
		want       []string
	}{
		{"none", "/v2/a/manifests/v1", nil},
		{"one", "/v2/a/manifests/" + image + "?tag=v1", []string{"v1"}},
		{"several, in order", "/v2/a/manifests/" + image + "?tag=b&tag=a", []string{"b", "a"}},
		{"repeated", "/v2/a/manifests/" + image + "?tag=a&tag=a", []string{"a", "a"}},
		{"encoded", "/v2/a/manifests/" + image + "?tag=%61&x=%62&tag=%2e1", []string{"a", ".1"}},
		{"in addition to a tag", "/v2/a/manifests/v1?tag=v2", []string{"v2"}},
	}
	for _, test := range tests {
		m, refusal := testRegistry().Map(request("PUT", test.path))
		if refusal != nil {
			t.Errorf("%s: refused: %s", test.name, refusal.Message)
		} else if !slices.Equal(m.Tags, test.want) {
			t.Errorf("%s: got %q; want %q", test.name, m.Tags, test.want)
		}
	}
}

// TestTagsElsewhere checks that tags in other requests have no effect.
func TestTagsElsewhere(t *testing.T) {
	m, refusal := testRegistry().Map(request("GET", "/v2/a/manifests/v1?tag=v2"))
	if refusal != nil || m.Tags != nil {
		t.Errorf("a read writes tags %q, refusal %v", m.Tags, refusal)
	}
}

// TestParameterLimit checks queries with as many parameters as are allowed, and one more.
func TestParameterLimit(t *testing.T) {
	var pairs []string
	for i := range maxParameters {
		pairs = append(pairs, fmt.Sprint("p", i, "=x"))
	}
	path := "/v2/a/manifests/" + image + "?" + strings.Join(pairs, "&") + strings.Repeat("&tag=v", maxParameters)
	if m, refusal := testRegistry().Map(request("PUT", path)); refusal != nil {
		t.Errorf("%d parameters: %s", maxParameters, refusal.Message)
	} else if len(m.Tags) != maxParameters {
		t.Errorf("%d tags", len(m.Tags))
	}
	if _, refusal := testRegistry().Map(request("PUT", path+"&more=x")); refusal == nil {
		t.Errorf("%d parameters pass", maxParameters+1)
	}
	if _, refusal := testRegistry().Map(request("PUT", path+"&tag=v")); refusal == nil {
		t.Errorf("%d tags pass", maxParameters+1)
	}
}

// TestTargetLimit checks targets of the longest allowed length, and one byte longer.
func TestTargetLimit(t *testing.T) {
	path := "/v2/a/manifests/"
	path += strings.Repeat("v", maxTarget-len(path))
	if _, refusal := testRegistry().Map(request("GET", path)); refusal != nil {
		t.Errorf("%d bytes: %s", len(path), refusal.Message)
	}
	if _, refusal := testRegistry().Map(request("GET", path+"v")); refusal == nil || refusal.Status != 414 {
		t.Errorf("%d bytes: %v", len(path)+1, refusal)
	}
}

// TestMountParameters checks which parameters are removed from a POST that starts an upload.
func TestMountParameters(t *testing.T) {
	tests := []struct {
		name, path         string
		always, ifNotAsked []string
	}{
		{"plain upload", "/v2/a/blobs/uploads/", nil, nil},
		{"mount", "/v2/a/blobs/uploads/?mount=x&from=b", nil, []string{"mount", "from"}},
		{"mount without a source", "/v2/a/blobs/uploads/?mount=x", []string{"mount"}, nil},
		{"whole blob", "/v2/a/blobs/uploads/?digest=x", nil, nil},
		{"mount from an empty name", "/v2/a/blobs/uploads/?mount=x&from=", []string{"mount", "from"}, nil},
		{"mount from a name in upper case", "/v2/a/blobs/uploads/?mount=x&from=B", []string{"mount", "from"}, nil},
		{"mount from a host", "/v2/a/blobs/uploads/?mount=x&from=host:5000/b", []string{"mount", "from"}, nil},
		{"source without a mount", "/v2/a/blobs/uploads/?from=b", []string{"mount", "from"}, nil},
		{"source with an empty mount", "/v2/a/blobs/uploads/?mount=&from=b", []string{"mount", "from"}, nil},
		{"empty mount", "/v2/a/blobs/uploads/?mount=", []string{"mount"}, nil},
		{"whole blob with a source", "/v2/a/blobs/uploads/?digest=x&from=b", []string{"mount", "from"}, nil},
		{"the longest source", "/v2/a/blobs/uploads/?mount=x&from=" + strings.Repeat("a/", 4000) + "a", []string{"mount", "from"}, nil},
	}
	for _, test := range tests {
		m, refusal := testRegistry().Map(request("POST", test.path))
		if refusal != nil {
			t.Errorf("%s: refused: %s", test.name, refusal.Message)
			continue
		}
		if !slices.Equal(m.RemoveQueryParameters, test.always) {
			t.Errorf("%s: removes %q; want %q", test.name, m.RemoveQueryParameters, test.always)
		}
		if got := m.RemoveUnlessOptional(); !slices.Equal(got, test.ifNotAsked) {
			t.Errorf("%s: may remove %q; want %q", test.name, got, test.ifNotAsked)
		}
	}
}

// FuzzUnescape compares unescape with the standard library's decoder, for several values in
// succession.
func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", "a", "%41", "%4", "%", "%zz", "a+b", "%2f%2F", "a%00", "%e2%82%ac", "x%25", "%+1"} {
		f.Add(seed, "%62")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var text strings.Builder
		var got []string
		for _, escaped := range []string{first, second, first} {
			value, ok := unescape(&text, escaped, len(first))
			want, err := url.QueryUnescape(escaped)
			if ok != (err == nil) || ok && value != want {
				t.Fatalf("%q: got %q, %v; want %q, %v", escaped, value, ok, want, err)
			}
			got = append(got, value)
		}
		if got[0] != got[2] {
			t.Errorf("%q becomes %q and then %q", first, got[0], got[2])
		}
	})
}
