package mapping

import (
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// addSeeds adds the hostile requests and some plain ones, each for a registry without settings
// and for one with settings.
func addSeeds(f *testing.F) {
	f.Helper()
	for _, row := range hostileRows(f) {
		var headers []string
		for _, h := range row.request.Headers {
			headers = append(headers, h.Name+": "+h.Value)
		}
		f.Add(row.request.Method, row.request.Path, strings.Join(headers, "\n"), uint8(0))
		f.Add(row.request.Method, row.request.Path, strings.Join(headers, "\n"), uint8(15))
	}
	f.Add("GET", "/v2/\xff/manifests/\x00", "content-type: \x80", uint8(0))
	f.Add("DELETE", "/v2/hub/a/blobs/"+layer, "", uint8(1))
	f.Add("GET", "/v2/hub/a/manifests/v1", "", uint8(2))
	f.Add("GET", "/v2/hub/a/referrers/x", "", uint8(6))
	f.Add("GET", "/v2/hub/a/referrers/x", "x_forwarded-uri: /v2/secret/app/tags/list", uint8(16|2))
	f.Add("PUT", "/v2/a/manifests/v1", "x-forwarded-uri: /v2/secret/app/tags/list", uint8(16))
	f.Add("POST", "/v2/ab/blobs/uploads/?mount=x&from=hub%2Fnew", "content-length: 0", uint8(14))
}

// TestSeedFiles checks that testdata/fuzz contains its requests. A line of hostile.tsv cannot
// contain them: bytes that are not text, names and targets at the limits, variants of headers,
// and the settings of a registry. The name of a file says what it tests, and go test runs it
// with the fuzz target of its folder.
func TestSeedFiles(t *testing.T) {
	for target, minimum := range map[string]int{"FuzzTwin": 44, "FuzzMap": 44, "FuzzUnescape": 21, "FuzzValidName": 25} {
		files, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
		if err != nil || len(files) < minimum {
			t.Errorf("%s has %d seed files (%v), want at least %d", target, len(files), err, minimum)
		}
	}
}

// fuzzed returns a registry and a request made from a fuzzer's values.
func fuzzed(method, path, headers string, settings uint8) (*Settings, *HTTPRequest) {
	g := testRegistry()
	g.DeleteBlobs = settings&1 != 0
	if settings&2 != 0 {
		g.PullThrough = []string{"hub", "secret"}
	}
	if settings&4 != 0 {
		g.Exists = only("a", "hub/a", "secret/app", "att/x")
	}
	g.ECRNames = settings&8 != 0
	g.AssumeMissing = settings&16 != 0
	var lines []string
	if headers != "" {
		lines = strings.Split(headers, "\n")
	}
	return g, request(method, path, lines...)
}

// FuzzTwin compares Map with the reference implementation.
func FuzzTwin(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, method, path, headers string, settings uint8) {
		g, r := fuzzed(method, path, headers, settings)
		m, refusal := g.Map(r)
		if got, want := answer(m, refusal), twin(g, r); got != want {
			t.Errorf("%q %q %q: got %v; the reference implementation %v", r.Method, r.Path, r.Headers, got, want)
		}
	})
}

// FuzzMap checks what is true of every result.
func FuzzMap(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, method, path, headers string, settings uint8) {
		g, r := fuzzed(method, path, headers, settings)
		m, refusal := g.Map(r)
		if refusal != nil {
			checkRefusal(t, refusal)
			if !reflect.DeepEqual(m, Mapping{}) {
				t.Errorf("refused, but mapped to %+v", m)
			}
		} else {
			checkMapping(t, g, r, &m)
			checkSummary(t, g, r, &m)
		}
		relevant := *r
		relevant.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h Header) bool { return !isRelevant(h.Name) })
		if again, second := g.Map(&relevant); !reflect.DeepEqual(again, m) || !reflect.DeepEqual(second, refusal) {
			t.Errorf("irrelevant headers change %+v, %+v to %+v, %+v", m, refusal, again, second)
		}
	})
}

// checkMapping checks the contract of every mapping.
func checkMapping(t *testing.T, g *Settings, r *HTTPRequest, m *Mapping) {
	t.Helper()
	if m.Operation == Unsupported || m.Operation > Catalog {
		t.Errorf("operation %d", m.Operation)
	}
	if len(m.Permissions) == 0 || m.Permissions[0].Optional {
		t.Errorf("no permission: %+v", m.Permissions)
	}
	path, rawQuery, _ := strings.Cut(r.Path, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		t.Errorf("mapped a query that does not parse: %v", err)
	}
	for _, p := range m.Permissions {
		if !regexp.MustCompile(`\Aecr:[A-Z][A-Za-z]+\z`).MatchString(p.Action) {
			t.Errorf("action %q", p.Action)
		}
		checkResource(t, m, &p)
		if p.Optional && m.Operation != MountBlob {
			t.Errorf("optional: %+v", p)
		}
		source := m.Operation == MountBlob && p.Repository == query.Get("from")
		if !source && !strings.HasPrefix(path+"/", "/v2/"+p.Repository) {
			t.Errorf("%q is neither the path's repository nor from", p.Repository)
		}
	}
	if m.Repository != "" && m.Permissions[0].Repository != m.Repository {
		t.Errorf("the first permission is on %q, not %q", m.Permissions[0].Repository, m.Repository)
	}
	if strings.ContainsAny(path, "%\\;#*$") {
		t.Errorf("mapped an ambiguous path")
	}
}

// checkResource checks that the resource of a permission is an ARN without a pattern or a
// variable.
func checkResource(t *testing.T, m *Mapping, p *Permission) {
	t.Helper()
	switch {
	case m.Operation == CheckAPI:
		if p.Resource != "*" || p.Repository != "" {
			t.Errorf("/v2/ needs %+v", p)
		}
	case m.Operation == Catalog:
		if p.Resource != prefix+"*" || p.Repository != "" {
			t.Errorf("the catalog needs %+v", p)
		}
	case p.Resource != prefix+p.Repository || !twinOCI.MatchString(p.Repository):
		t.Errorf("malformed resource: %+v", p)
	case strings.ContainsAny(p.Resource, "*?${}"):
		t.Errorf("a pattern as resource: %+v", p)
	}
}
