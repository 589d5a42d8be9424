package mapping

import (
	"reflect"
	"testing"
)

// summary returns the summary of a request with a mapping.
func summary(r *HTTPRequest, m *Mapping) *Summary {
	return &Summary{
		Method: r.Method, Operation: m.Operation.String(), Repository: m.Repository, Reference: m.Reference,
		Tags: m.Tags, Source: m.Source(), EmptyBody: m.DeclaresNoBody(),
	}
}

// checkSummary checks that the summary of a request is of a request with the same mapping.
func checkSummary(t *testing.T, g *Settings, r *HTTPRequest, m *Mapping) {
	t.Helper()
	rebuilt, err := summary(r, m).Request()
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	again, refusal := g.Map(rebuilt)
	if refusal != nil {
		t.Fatalf("%s %s became %s %s, which is refused: %s", r.Method, r.Path, rebuilt.Method, rebuilt.Path, refusal.LogMessage)
	}
	again.RemoveQueryParameters = m.RemoveQueryParameters // parameters that have no other effect
	if !reflect.DeepEqual(again, *m) {
		t.Errorf("%s %s became %s %s\nwith the mapping %+v\nand not           %+v", r.Method, r.Path, rebuilt.Method, rebuilt.Path, again, *m)
	}
}

// TestSummary checks the request of a summary for each operation.
func TestSummary(t *testing.T) {
	g := testRegistry()
	g.DeleteBlobs = true
	seen := map[Operation]bool{}
	for _, r := range []*HTTPRequest{
		request("GET", "/v2"), request("HEAD", "/v2/"), request("GET", "/v2/_catalog?n=10&last=a"),
		request("HEAD", "/v2/a/b/blobs/"+layer), request("GET", "/v2/a/b/blobs/"+layer), request("DELETE", "/v2/a/blobs/"+layer),
		request("HEAD", "/v2/a/manifests/v1"), request("GET", "/v2/blobs/manifests/manifests/"+layer),
		request("PUT", "/v2/a/manifests/v1"), request("PUT", "/v2/a/manifests/v1?tag=a%2Bb&tag=c=d&tag=a%2Bb"), request("DELETE", "/v2/a/manifests/v1"),
		request("GET", "/v2/a/tags/list?n=5"), request("GET", "/v2/a/referrers/"+layer+"?artifactType=x"),
		request("POST", "/v2/a/blobs/uploads"), request("POST", "/v2/a/blobs/uploads/?mount=x&from=Example.com/A"), request("POST", "/v2/a/blobs/uploads/?digest=sha256%3Aa%2Bb"),
		request("POST", "/v2/a/blobs/uploads/?from=b%2Fc&mount=sha256%3A1"),
		request("PATCH", "/v2/a/blobs/uploads/id?_state=x"), request("PUT", "/v2/a/blobs/uploads/id?digest=x"), request("PUT", "/v2/a/blobs/uploads/id?digest=x", "content-length: 0"),
		request("GET", "/v2/a/blobs/uploads/id"), request("DELETE", "/v2/a/blobs/uploads/id"),
	} {
		m, refusal := g.Map(r)
		if refusal != nil {
			t.Fatalf("%s %s: %s", r.Method, r.Path, refusal.LogMessage)
		}
		seen[m.Operation] = true
		checkSummary(t, g, r, &m)
	}
	for o := CheckAPI; o <= Catalog; o++ {
		if !seen[o] {
			t.Errorf("no request for %s", o)
		}
	}
}

// TestSummaryOfNoRequest checks that what is not the summary of a request is an error.
func TestSummaryOfNoRequest(t *testing.T) {
	for name, s := range map[string]Summary{
		"nothing":                {},
		"an unknown operation":   {Method: "GET", Operation: "Get", Repository: "a"},
		"the zero operation":     {Method: "GET", Operation: "Unsupported", Repository: "a"},
		"another method":         {Method: "PUT", Operation: "GetManifest", Repository: "a", Reference: "v1"},
		"no repository":          {Method: "GET", Operation: "GetManifest", Reference: "v1"},
		"a path as a repository": {Method: "GET", Operation: "GetManifest", Repository: "a/../b", Reference: "v1"},
	} {
		if r, err := s.Request(); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
