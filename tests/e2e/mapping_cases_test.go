package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// minCases is the least number of the mapping's cases.
const minCases = 433

// A mappingCase is a case of the mapping's own tests, sent unchanged by alice, who may do
// everything except in secret/app.
type mappingCase struct {
	line           int
	method, target string
	headers        []string
	expected       string // deny, or the required permissions
}

// readCases reads the cases and replaces their digests by those of sys.
func readCases(t *testing.T, sys *system) (rows []mappingCase) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "mapping", "testdata", "hostile.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer(
		"69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd", hexOf(layer(t, sys.secret)),
		"7854c9c3f2b28e3d3910068e05017f3ebadceee583196c91eb9adac8662db8b9", hexOf(digest(t, sys.secret)))
	for i, line := range strings.Split(strings.TrimSuffix(fill.Replace(string(text)), "\n"), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) != 5 {
			t.Fatalf("row %d has %d columns, want 5", i+2, len(cells))
		}
		row := mappingCase{line: i + 2, method: cells[0], target: cells[1], expected: cells[3]}
		if cells[2] != "" {
			row.headers = strings.Split(cells[2], "|")
		}
		rows = append(rows, row)
	}
	if len(rows) < minCases {
		t.Fatalf("%d requests, want at least %d", len(rows), minCases)
	}
	return rows
}

func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

// String describes the case.
func (r *mappingCase) String() string {
	return fmt.Sprintf("hostile.tsv:%d: %s %q %q", r.line, r.method, r.target, r.headers)
}

// has reports whether the case has a header of this name.
func (r *mappingCase) has(name string) bool {
	return slices.ContainsFunc(r.headers, func(h string) bool { return strings.HasPrefix(strings.ToLower(h), name+":") })
}

// bytes returns the request on the wire. Its body is a form that mounts the secret blob.
func (r *mappingCase) bytes(t *testing.T, sys *system, host string) []byte {
	t.Helper()
	body := r.body(t, sys)
	lines := append([]string{r.method + " " + r.target + " HTTP/1.1", authorization, "Connection: close"}, r.headers...)
	if !r.has("host") {
		lines = append(lines, "Host: "+host)
	}
	if !r.has("content-length") && !r.has("transfer-encoding") {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if r.has("transfer-encoding") {
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

// authorization is alice's header.
var authorization = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("alice:alice-secret"))

// body returns the form in the encoding that the case's headers name, or as many bytes as they
// state.
func (r *mappingCase) body(t *testing.T, sys *system) string {
	t.Helper()
	all := strings.Join(r.headers, "\n")
	if r.has("content-length") {
		length, _ := strconv.Atoi(contentLength.FindString(all))
		return strings.Repeat("x", length)
	}
	if strings.Contains(strings.ToLower(all), "multipart/") {
		part := "--B\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n"
		return fmt.Sprintf(part+part+"--B--\r\n", "mount", layer(t, sys.secret), "from", "secret/app")
	}
	if r.writes() {
		return "mount=" + layer(t, sys.secret) + "&from=secret%2Fapp"
	}
	return ""
}

// writes reports whether a registry may store something.
func (r *mappingCase) writes() bool {
	return r.method == "POST" || r.method == "PUT" || r.method == "PATCH"
}

// contentLength returns the number in the header.
var contentLength = regexp.MustCompile(`\b[1-9]\d*$`)

// repositories returns the repositories of the required permissions.
func (r *mappingCase) repositories() (names []string) {
	for _, found := range atRepository.FindAllStringSubmatch(r.expected, -1) {
		names = append(names, found[1])
	}
	return names
}

// atRepository matches the repository of an expected permission.
var atRepository = regexp.MustCompile(`@([a-z0-9][^ ]*)`)

// needsSecret reports whether the case needs a permission on secret/app. Only the source of a
// mount, which comes last, is optional.
func (r *mappingCase) needsSecret() bool {
	first, _, _ := strings.Cut(r.expected, " + ")
	return strings.HasSuffix(first, "@secret/app")
}
