package conformance

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// exchange is a request of a workflow with the status of its response. In the path, "{location}" is
// the Location of the previous response.
type exchange struct {
	name   string
	method string
	path   string
	status int
	body   string
	header []string // name, value, name, value …
	holds  string   // a text in the response, if the status is not specific enough
}

// same sends the request to both sides, and checks that the responses are the same and have the
// expected status.
func (x exchange) same(t *testing.T, s *sides) {
	t.Helper()
	alone, behind := x.send(t, s.alone), x.send(t, s.behind)
	if alone != behind {
		t.Errorf("%s %s: %s\n%s\n%s\n%s", x.method, x.path, s.alone.name, alone, s.behind.name, behind)
	}
}

// send sends the request to one side.
func (x exchange) send(t *testing.T, at *side) string {
	t.Helper()
	request, err := http.NewRequest(x.method, at.resolve(x.path), strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("admin", "admin-secret")
	for i := 0; i+1 < len(x.header); i += 2 {
		request.Header.Set(x.header[i], x.header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request) // does not follow redirects
	if err != nil {
		t.Fatal(err)
	}
	if location := response.Header.Get("Location"); location != "" {
		at.location = location
	}
	got, err := text(response)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != x.status {
		t.Errorf("%s %s: status %d, want %d: %s", at.name, x.path, response.StatusCode, x.status, got)
	}
	if !strings.Contains(got, x.holds) {
		t.Errorf("%s %s: want %q in %s", at.name, x.path, x.holds, got)
	}
	return got
}

// resolve returns the URL of a path. A query after a location is added to that of the location.
func (at *side) resolve(path string) string {
	rest, follows := strings.CutPrefix(path, "{location}")
	if !follows {
		return "http://" + at.address + path
	}
	location, err := url.Parse(at.location)
	if err != nil {
		return at.location // sending it fails with the reason
	}
	if location.RawQuery == "" {
		rest = strings.Replace(rest, "&", "?", 1)
	}
	return "http://" + at.address + location.RequestURI() + rest
}

// own are the headers that Envoy adds or that depend on a clock.
var own = []string{"Date", "Server", "X-Envoy-Upstream-Service-Time", "X-Request-Id"}

// accidental matches what differs between two uploads: ids and signed state.
var accidental = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|_state=[A-Za-z0-9_%=-]+`)

// text returns everything in a response that must be the same: status, headers and body.
func text(response *http.Response) (string, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	for _, name := range own {
		response.Header.Del(name)
	}
	var b strings.Builder
	fmt.Fprintln(&b, response.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		fmt.Fprintf(&b, "%s: %q\n", name, response.Header[name])
	}
	fmt.Fprintf(&b, "%s", body)
	return accidental.ReplaceAllString(b.String(), "…"), nil
}
