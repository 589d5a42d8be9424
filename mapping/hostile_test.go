package mapping

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// minHostile is the minimum number of rows, so that the test fails if the file is truncated.
const minHostile = 433

// hostile is a row of testdata/hostile.tsv: a request that servers could interpret in two ways, or
// a similar one that must be allowed.
type hostile struct {
	line                       int
	request                    *HTTPRequest
	headers, expected, purpose string
}

// hostileRows reads testdata/hostile.tsv: method, path, headers separated by |, the expected result
// ("deny", or actions joined by " + " and the removed parameters), and the reason.
func hostileRows(t testing.TB) []hostile {
	t.Helper()
	text, err := os.ReadFile("testdata/hostile.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []hostile
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) != 5 || cells[3] == "" || cells[4] == "" {
			t.Fatalf("testdata/hostile.tsv:%d: write method, path, headers, expected result and reason", i+2)
		}
		var headers []string
		if cells[2] != "" {
			headers = strings.Split(cells[2], "|")
		}
		rows = append(rows, hostile{i + 2, request(cells[0], cells[1], headers...), cells[2], cells[3], cells[4]})
	}
	if len(rows) < minHostile {
		t.Fatalf("testdata/hostile.tsv has %d rows, want at least %d", len(rows), minHostile)
	}
	return rows
}

// verdict returns a result in the format of the file.
func verdict(m Mapping, refusal *Refusal) string {
	if refusal != nil {
		return "deny"
	}
	var all []string
	for _, p := range m.Permissions {
		on := p.Repository
		if on == "" {
			on = p.Resource[strings.LastIndex(p.Resource, ":")+1:]
		}
		all = append(all, p.Action+"@"+on)
	}
	text := strings.Join(all, " + ")
	if len(m.RemoveQueryParameters) > 0 {
		text += " strip " + strings.Join(m.RemoveQueryParameters, ", ")
	}
	return text
}

// TestHostileRequests checks the expected result of each row.
func TestHostileRequests(t *testing.T) {
	for _, row := range hostileRows(t) {
		m, refusal := testRegistry().Map(row.request)
		if got := verdict(m, refusal); got != row.expected {
			t.Errorf("testdata/hostile.tsv:%d: %s %s %s\n got %s\nwant %s (%s)",
				row.line, row.request.Method, row.request.Path, row.headers, got, row.expected, row.purpose)
		}
	}
}

// TestHostileRowsDiffer checks that no row occurs twice.
func TestHostileRowsDiffer(t *testing.T) {
	var seen []string
	for _, row := range hostileRows(t) {
		key := row.request.Method + "\t" + row.request.Path + "\t" + row.headers
		if slices.Contains(seen, key) {
			t.Errorf("testdata/hostile.tsv:%d: occurs before", row.line)
		}
		seen = append(seen, key)
	}
}

// TestHostileBytes checks requests that a line of text cannot contain.
func TestHostileBytes(t *testing.T) {
	long := strings.Repeat("a/", 1<<19) + "a"
	longest := strings.Repeat("a/", 4000) + "a"
	tests := []struct{ name, method, path, header string }{
		{"NUL in the path", "GET", "/v2/a\x00/manifests/v1", ""},
		{"tab in the path", "GET", "/v2/a\t/manifests/v1", ""},
		{"line feed in the path", "GET", "/v2/a/manifests/v1\n", ""},
		{"line break and a header in the path", "GET", "/v2/a/manifests/v1\r\nX: y", ""},
		{"DEL in the path", "GET", "/v2/a/manifests/v1\x7f", ""},
		{"invalid UTF-8 in the path", "GET", "/v2/\xff\xfe/manifests/v1", ""},
		{"overlong slash in the path", "GET", "/v2/secret\xc0\xafapp/manifests/v1", ""},
		{"lone surrogate in the path", "GET", "/v2/a/manifests/\xed\xa0\x80", ""},
		{"NUL after a ping", "GET", "/v2/\x00", ""},
		{"NUL in the query", "GET", "/v2/?a=\x00", ""},
		{"line feed in the query", "GET", "/v2/?a=\n", ""},
		{"invalid UTF-8 in the query", "GET", "/v2/?a=\x80", ""},
		{"NUL in the method", "GET\x00", "/v2/", ""},
		{"line feed in the method", "GET\n", "/v2/", ""},
		{"a method of a megabyte", strings.Repeat("GET", 1<<18), "/v2/", ""},
		{"a name of a megabyte", "GET", "/v2/" + long + "/manifests/v1", ""},
		{"the longest name", "GET", "/v2/" + longest + "/manifests/v1", ""},
		{"the longest from with a NUL", "POST", "/v2/a/blobs/uploads/?mount=sha256:0&from=" + longest + "%00", ""},
		{"all slashes", "GET", "/v2" + strings.Repeat("/", 8000), ""},
		{"all ampersands", "GET", "/v2/?" + strings.Repeat("&", 8000), ""},
		{"all parameters", "GET", "/v2/?" + strings.Repeat("a=b&", 2000), ""},
		{"all hyphens in a name", "GET", "/v2/a" + strings.Repeat("-", 8000) + "a/manifests/v1", ""},
		{"NUL in a content type", "POST", "/v2/a/blobs/uploads/", "content-type: application/json\x00"},
		{"tab in a content type", "POST", "/v2/a/blobs/uploads/", "content-type: application/json\t"},
		{"invalid UTF-8 in a content type", "POST", "/v2/a/blobs/uploads/", "content-type: application/json\xff"},
		{"a form after a megabyte", "POST", "/v2/a/blobs/uploads/", "content-type: " + strings.Repeat("x/y, ", 1<<18) + "multipart/form-data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := request(test.method, test.path)
			if test.header != "" {
				r = request(test.method, test.path, test.header)
			}
			m, refusal := testRegistry().Map(r)
			if refusal == nil {
				t.Fatalf("mapped to %s", show(m))
			}
			checkRefusal(t, refusal)
		})
	}
}
