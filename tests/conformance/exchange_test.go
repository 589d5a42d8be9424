package conformance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// exchange is one request of a workflow with the status of its answer. In the
// path "{location}" is where the answer before pointed to.
type exchange struct {
	name   string
	method string
	path   string
	status int
	body   string
	header []string // name, value, name, value …
	holds  string   // a text of the answer, where the status tells too little
}

// same sends the request to both sides and wants the same answer, of the
// status that makes the request what its name says.
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
	response, err := http.DefaultTransport.RoundTrip(request) // follows nothing
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

// resolve is the URL of a path; what follows a location joins its query.
func (at *side) resolve(path string) string {
	rest, follows := strings.CutPrefix(path, "{location}")
	if !follows {
		return "http://" + at.address + path
	}
	location, err := url.Parse(at.location)
	if err != nil {
		return at.location // sending will say what is wrong with it
	}
	if location.RawQuery == "" {
		rest = strings.Replace(rest, "&", "?", 1)
	}
	return "http://" + at.address + location.RequestURI() + rest
}
