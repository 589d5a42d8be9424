package mapping

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// tableRows are the requests of the table in README.md, in order, each with a relevant header or an
// option of the registry.
var tableRows = []struct {
	request, with string
}{
	{"GET /v2/", ""},
	{"HEAD /v2/", ""},
	{"GET /v2/_catalog", ""},
	{"HEAD /v2/R/blobs/DIGEST", ""},
	{"GET /v2/R/blobs/DIGEST", ""},
	{"DELETE /v2/R/blobs/DIGEST", ""},
	{"DELETE /v2/R/blobs/DIGEST", "deleteBlobs: true"},
	{"HEAD /v2/R/manifests/REFERENCE", ""},
	{"GET /v2/R/manifests/REFERENCE", ""},
	{"PUT /v2/R/manifests/REFERENCE", ""},
	{"PUT /v2/R/manifests/DIGEST?tag=TAG", ""},
	{"DELETE /v2/R/manifests/REFERENCE", ""},
	{"GET /v2/R/tags/list", ""},
	{"GET /v2/R/referrers/DIGEST", ""},
	{"POST /v2/R/blobs/uploads/", ""},
	{"POST /v2/R/blobs/uploads/?digest=DIGEST", ""},
	{"POST /v2/R/blobs/uploads/?mount=DIGEST&from=S", ""},
	{"POST /v2/R/blobs/uploads/?mount=DIGEST&from=UNUSABLE", ""},
	{"POST /v2/R/blobs/uploads/?mount=DIGEST", ""},
	{"POST /v2/R/blobs/uploads/?from=S", ""},
	{"POST /v2/R/blobs/uploads/?digest=DIGEST&from=S", ""},
	{"POST /v2/R/blobs/uploads/?mount=DIGEST&digest=DIGEST", ""},
	{"GET /v2/R/blobs/uploads/ID", ""},
	{"PATCH /v2/R/blobs/uploads/ID", ""},
	{"PUT /v2/R/blobs/uploads/ID?digest=DIGEST", ""},
	{"PUT /v2/R/blobs/uploads/ID?digest=DIGEST", "Content-Length: 0"},
	{"DELETE /v2/R/blobs/uploads/ID", ""},
}

// placeholders replaces the placeholders in the requests of the table.
var placeholders = strings.NewReplacer("/R/", "/team/app/", "from=S", "from=team/base", "from=UNUSABLE", "from=Team:5000/base",
	"DIGEST", layer, "REFERENCE", "v1", "TAG", "v2", "uploads/ID", "uploads/6f7a")

// mapRow maps the request of a row.
func mapRow(g Settings, text, with string) (Mapping, *Refusal) {
	method, path, _ := strings.Cut(placeholders.Replace(text), " ")
	r := request(method, path)
	switch with {
	case "":
	case "deleteBlobs: true":
		g.DeleteBlobs = true
	default:
		r = request(method, path, with)
	}
	return g.Map(r)
}

// cell returns permissions in the format of the table.
func cell(permissions []Permission) string {
	var parts []string
	for _, p := range permissions {
		text := "`" + p.Action + "`"
		if p.Alternative != "" {
			text += " or `" + p.Alternative + "`"
		}
		switch {
		case p.Repository == "team/app":
			text += " on R"
		case p.Repository == "team/base":
			text += " on S"
		case p.Resource == "*":
			text += " on `*`"
		default:
			text += " on `" + p.Resource[strings.LastIndexByte(p.Resource, ':')+1:] + "`"
		}
		if p.Optional {
			text += " (optional)"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// row returns a row of the table: what a request needs, what it needs in addition if repositories
// count as missing or are below a pull-through prefix, and the query parameters to remove.
func row(t *testing.T, text, with string) string {
	t.Helper()
	title := "`" + text + "`"
	if with != "" {
		title += " with `" + with + "`"
	}
	g := *testRegistry()
	m, refusal := mapRow(g, text, with)
	if refusal != nil {
		return fmt.Sprintf("| %s | refused: %d `%s` | | | |\n", title, refusal.Status, refusal.Code)
	}
	missing, cached := g, g
	missing.AssumeMissing = true
	cached.PullThrough = []string{"team"}
	removed := ""
	if len(m.RemoveQueryParameters) > 0 {
		removed = "`" + strings.Join(m.RemoveQueryParameters, "`, `") + "`"
	}
	if optional := m.RemoveUnlessOptional(); optional != nil {
		removed = "`" + strings.Join(optional, "`, `") + "` unless the optional action is allowed"
	}
	line := fmt.Sprintf("| %s | %s | %s | %s | %s |\n", title, cell(m.Permissions),
		more(t, m, missing, text, with), more(t, m, cached, text, with), removed)
	return strings.ReplaceAll(line, "|  ", "| ")
}

// more returns what a request needs at another registry in addition to m.
func more(t *testing.T, m Mapping, other Settings, text, with string) string {
	t.Helper()
	o, refusal := mapRow(other, text, with)
	if refusal != nil {
		t.Fatal(refusal.Message)
	}
	var extra []Permission
	for _, p := range o.Permissions {
		known := false
		for _, q := range m.Permissions {
			known = known || p == q
		}
		if !known {
			extra = append(extra, p)
		}
	}
	if len(extra)+len(m.Permissions) != len(o.Permissions) {
		t.Errorf("%s: %v is not among %v", text, m.Permissions, o.Permissions)
	}
	return cell(extra)
}

// TestReadmeTable compares the table in README.md with the mapping.
func TestReadmeTable(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const heading = "| request | needs | also needed if the repository is missing | also needed below a pull-through prefix | query parameters removed |\n| --- | --- | --- | --- | --- |\n"
	before, rest, found := strings.Cut(string(text), heading)
	if !found {
		t.Fatalf("README.md lacks the heading of the table:\n%s", heading)
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	rows := ""
	for _, r := range tableRows {
		rows += row(t, r.request, r.with)
	}
	goldentest.Compare(t, "README.md", before+heading+rows+"\n"+after)
}

// TestReadmeTableIsComplete checks that the table contains every operation, and every method of
// every endpoint that the mapping accepts.
func TestReadmeTableIsComplete(t *testing.T) {
	operations := map[Operation]bool{}
	requests := map[string]bool{}
	for _, r := range tableRows {
		if m, refusal := mapRow(*testRegistry(), r.request, r.with); refusal == nil {
			operations[m.Operation] = true
		}
		method, path, _ := strings.Cut(placeholders.Replace(r.request), " ")
		path, _, _ = strings.Cut(path, "?")
		route, refusal := testRegistry().parsePath(path)
		if refusal != nil {
			t.Fatalf("%s: %s", r.request, refusal.Message)
		}
		requests[method+" "+string(route.endpoint)] = true
	}
	for o := CheckAPI; o <= Catalog; o++ {
		if !operations[o] {
			t.Errorf("no request of the table is mapped to %s", o)
		}
	}
	endpoints := []endpoint{endpointBase, endpointCatalog, endpointBlob, endpointManifest, endpointTags, endpointReferrers, endpointUploads, endpointUpload}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
		for _, e := range endpoints {
			accepted := e.operation(method) != Unsupported
			if accepted != requests[method+" "+string(e)] {
				t.Errorf("%s of endpoint %s: accepted %v, in the table %v", method, e, accepted, !accepted)
			}
		}
	}
}
