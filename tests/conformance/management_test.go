package conformance

// management is the workflow Content Management: tags, manifests and blobs
// deleted, and what is not there.
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
