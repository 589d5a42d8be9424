package conformance

// accepts is what a client says that pulls.
var accepts = []string{"Accept", imageType + ", " + indexType}

// pull is the workflow Pull: manifests and blobs that are there, parts of
// blobs, and what is not there.
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
