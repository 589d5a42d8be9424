package conformance

import (
	"testing"
)

// workflows are those of the specification. Each uses content that the previous ones left.
var workflows = []struct {
	name      string
	exchanges []exchange
}{
	{"Push", push},
	{"Pull", pull},
	{"Content Discovery", discovery},
	{"Content Management", management},
}

// same compares the responses to the requests of a workflow.
func (s *sides) same(t *testing.T, exchanges []exchange) {
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) { x.same(t, s) })
	}
}

// TestWorkflows compares the responses to every request of every workflow.
func TestWorkflows(t *testing.T) {
	s := newSides(t)
	sent := 0
	for _, w := range workflows {
		t.Run(w.name, func(t *testing.T) { s.same(t, w.exchanges) })
		sent += len(w.exchanges)
	}
	if sent < 90 {
		t.Errorf("%d requests sent to each side, want at least 90", sent)
	}
}

// accepts is the header Accept of a client that pulls.
var accepts = []string{"Accept", imageType + ", " + indexType}

// pull is the workflow Pull: manifests, blobs, parts of blobs, and content that does not exist.
var pull = []exchange{
	{name: "HEAD manifest by tag", method: "HEAD", path: "/v2/team/app/manifests/v1", status: 200, header: accepts},
	{name: "HEAD manifest by digest", method: "HEAD", path: "/v2/team/app/manifests/" + digest(image), status: 200, header: accepts},
	{name: "GET manifest by tag", method: "GET", path: "/v2/team/app/manifests/v1", status: 200, header: accepts},
	{name: "GET manifest by digest", method: "GET", path: "/v2/team/app/manifests/" + digest(image), status: 200, header: accepts},
	{name: "GET manifest that the client has", method: "GET", path: "/v2/team/app/manifests/v1", status: 304, header: append([]string{"If-None-Match", `"` + digest(image) + `"`}, accepts...)},
	{name: "GET index", method: "GET", path: "/v2/team/app/manifests/index", status: 200, header: accepts},
	{name: "GET manifest and accept no type", method: "GET", path: "/v2/team/app/manifests/v1", status: 404},
	{name: "GET artifact", method: "GET", path: "/v2/team/app/manifests/" + digest(artifact), status: 200, header: accepts},
	{name: "HEAD blob", method: "HEAD", path: "/v2/team/app/blobs/" + digest(layer), status: 200},
	{name: "GET blob", method: "GET", path: "/v2/team/app/blobs/" + digest(layer), status: 200},
	{name: "GET blob, a part", method: "GET", path: "/v2/team/app/blobs/" + digest(layer), status: 206, header: []string{"Range", "bytes=2-6"}},
	{name: "GET blob, its end", method: "GET", path: "/v2/team/app/blobs/" + digest(layer), status: 206, header: []string{"Range", "bytes=-4"}},
	{name: "GET blob, behind its end", method: "GET", path: "/v2/team/app/blobs/" + digest(layer), status: 416, header: []string{"Range", "bytes=1000-2000"}},

	{name: "HEAD unknown manifest", method: "HEAD", path: "/v2/team/app/manifests/never", status: 404, header: accepts},
	{name: "GET unknown manifest", method: "GET", path: "/v2/team/app/manifests/never", status: 404, header: accepts},
	{name: "GET unknown digest", method: "GET", path: "/v2/team/app/manifests/" + missing, status: 404, header: accepts},
	{name: "GET manifest by a bad digest", method: "GET", path: "/v2/team/app/manifests/sha256:baddigeststring", status: 400, header: accepts},
	{name: "GET manifest of an unknown repository", method: "GET", path: "/v2/team/nothing/manifests/v1", status: 404, header: accepts},
	{name: "HEAD unknown blob", method: "HEAD", path: "/v2/team/app/blobs/" + missing, status: 404},
	{name: "GET unknown blob", method: "GET", path: "/v2/team/app/blobs/" + missing, status: 404},
	{name: "GET blob by a bad digest", method: "GET", path: "/v2/team/app/blobs/sha256:baddigeststring", status: 400},
	{name: "GET blob of an unknown repository", method: "GET", path: "/v2/team/nothing/blobs/" + digest(layer), status: 404},
}

// discovery is the workflow Content Discovery: tags page by page; referrers, which the registry lists
// only if clients push the list with the fallback tag; and Docker's list of repositories.
var discovery = []exchange{
	{name: "tags", method: "GET", path: "/v2/team/app/tags/list", status: 200},
	{name: "tags, first page", method: "GET", path: "/v2/team/app/tags/list?n=1", status: 200},
	{name: "tags, second page", method: "GET", path: "/v2/team/app/tags/list?last=index&n=1", status: 200},
	{name: "tags, last page", method: "GET", path: "/v2/team/app/tags/list?last=v1&n=2", status: 200},
	{name: "tags, no page", method: "GET", path: "/v2/team/app/tags/list?n=0", status: 200},
	{name: "tags, bad page", method: "GET", path: "/v2/team/app/tags/list?n=-1", status: 400},
	{name: "tags, no number", method: "GET", path: "/v2/team/app/tags/list?n=many", status: 400},
	{name: "tags after the last", method: "GET", path: "/v2/team/app/tags/list?last=zzz", status: 200},
	{name: "tags of an unknown repository", method: "GET", path: "/v2/team/nothing/tags/list", status: 404},
	{name: "referrers", method: "GET", path: "/v2/team/app/referrers/" + digest(image), status: 404},
	{name: "referrers of one type", method: "GET", path: "/v2/team/app/referrers/" + digest(image) + "?artifactType=application%2Fvnd.example.sbom", status: 404},
	{name: "referrers of nothing", method: "GET", path: "/v2/team/app/referrers/" + missing, status: 404},
	{name: "referrers, fallback tag", method: "GET", path: "/v2/team/app/manifests/" + fallback(image), status: 200, header: accepts, holds: digest(artifact)},
	{name: "referrers of nothing, fallback tag", method: "GET", path: "/v2/team/app/manifests/" + fallback(layer), status: 404, header: accepts},
	{name: "catalog", method: "GET", path: "/v2/_catalog", status: 200},
	{name: "catalog, first page", method: "GET", path: "/v2/_catalog?n=1", status: 200},
	{name: "catalog, second page", method: "GET", path: "/v2/_catalog?last=team%2Fapp&n=1", status: 200},
}

// management is the workflow Content Management: it deletes tags, manifests and blobs, and content
// that does not exist.
var management = []exchange{
	{name: "delete tag", method: "DELETE", path: "/v2/team/app/manifests/v2", status: 202},
	{name: "the tag is gone", method: "GET", path: "/v2/team/app/manifests/v2", status: 404, header: accepts},
	{name: "the other tag is there", method: "GET", path: "/v2/team/app/manifests/v1", status: 200, header: accepts},
	{name: "delete unknown tag", method: "DELETE", path: "/v2/team/app/manifests/never", status: 404},
	{name: "delete artifact", method: "DELETE", path: "/v2/team/app/manifests/" + digest(artifact), status: 202},
	{name: "delete manifest", method: "DELETE", path: "/v2/team/app/manifests/" + digest(image), status: 202},
	{name: "the manifest is gone", method: "GET", path: "/v2/team/app/manifests/" + digest(image), status: 404, header: accepts},
	{name: "its tag is gone", method: "GET", path: "/v2/team/app/manifests/v1", status: 404, header: accepts},
	{name: "delete manifest again", method: "DELETE", path: "/v2/team/app/manifests/" + digest(image), status: 404},
	{name: "delete unknown manifest", method: "DELETE", path: "/v2/team/app/manifests/" + missing, status: 404},
	{name: "delete blob", method: "DELETE", path: "/v2/team/app/blobs/" + digest(layer), status: 202},
	{name: "the blob is gone", method: "HEAD", path: "/v2/team/app/blobs/" + digest(layer), status: 404},
	{name: "delete blob again", method: "DELETE", path: "/v2/team/app/blobs/" + digest(layer), status: 404},
	{name: "delete unknown blob", method: "DELETE", path: "/v2/team/app/blobs/" + missing, status: 404},
	{name: "delete blob of an unknown repository", method: "DELETE", path: "/v2/team/nothing/blobs/" + digest(config), status: 404},
	{name: "the other blob is there", method: "GET", path: "/v2/team/app/blobs/" + digest(config), status: 200},
	{name: "tags that are left", method: "GET", path: "/v2/team/app/tags/list", status: 200},
}

// listed are requests to a registry that lists referrers.
var listed = []exchange{
	{name: "config", method: "POST", path: uploads + "?digest=" + digest(config), status: 201, body: config, header: []string{"Content-Type", octets}},
	{name: "layer", method: "POST", path: uploads + "?digest=" + digest(layer), status: 201, body: layer, header: []string{"Content-Type", octets}},
	{name: "image", method: "PUT", path: "/v2/team/app/manifests/v1", status: 201, body: image, header: []string{"Content-Type", imageType}},
	{name: "no referrer yet", method: "GET", path: "/v2/team/app/referrers/" + digest(image), status: 200, holds: `"manifests":[]`},
	{name: "artifact with a subject", method: "PUT", path: "/v2/team/app/manifests/" + digest(artifact), status: 201, body: artifact, header: []string{"Content-Type", imageType}},
	{name: "referrers", method: "GET", path: "/v2/team/app/referrers/" + digest(image), status: 200, holds: digest(artifact)},
	{name: "referrers of one type", method: "GET", path: "/v2/team/app/referrers/" + digest(image) + "?artifactType=application%2Fvnd.example.sbom", status: 200, holds: digest(artifact)},
	{name: "referrers of one type, as it is", method: "GET", path: "/v2/team/app/referrers/" + digest(image) + "?artifactType=application/vnd.example.sbom", status: 200, holds: digest(artifact)},
	{name: "referrers of nothing", method: "GET", path: "/v2/team/app/referrers/" + missing, status: 200},
	{name: "referrers by a bad digest", method: "GET", path: "/v2/team/app/referrers/sha256:bad", status: 400},
	{name: "referrers in an unknown repository", method: "GET", path: "/v2/team/nothing/referrers/" + digest(image), status: 404},
	{name: "artifact by tags too", method: "PUT", path: "/v2/team/app/manifests/" + digest(artifact) + "?tag=a&tag=b", status: 201, body: artifact, header: []string{"Content-Type", imageType}},
}

// TestListing compares the responses to them.
func TestListing(t *testing.T) { newListingSides(t).same(t, listed) }
