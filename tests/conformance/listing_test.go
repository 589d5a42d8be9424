package conformance

import "testing"

// listed is what a registry that lists referrers itself is asked.
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

// TestListing sends them to both sides.
func TestListing(t *testing.T) { newListingSides(t).same(t, listed) }
