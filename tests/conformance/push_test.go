package conformance

// uploads is the path at which uploads to the repository begin.
const uploads = "/v2/team/app/blobs/uploads/"

// push is the workflow Push: blobs in one piece and in chunks, mounted blobs, manifests, and invalid
// requests of each kind.
var push = []exchange{
	{name: "version", method: "GET", path: "/v2/", status: 200},
	{name: "version, no body", method: "HEAD", path: "/v2/", status: 200},

	{name: "POST then PUT: POST", method: "POST", path: uploads, status: 202},
	{name: "POST then PUT: PUT", method: "PUT", path: "{location}&digest=" + digest(config), status: 201, body: config, header: []string{"Content-Type", octets}},
	{name: "the blob is there", method: "HEAD", path: "/v2/team/app/blobs/" + digest(config), status: 200},

	{name: "single POST", method: "POST", path: "/v2/team/single/blobs/uploads/?digest=" + digest(config), status: 202, body: config, header: []string{"Content-Type", octets}},
	{name: "single POST, finished by PUT", method: "PUT", path: "{location}&digest=" + digest(config), status: 201, body: config, header: []string{"Content-Type", octets}},
	{name: "single POST, encoded digest", method: "POST", path: "/v2/team/single/blobs/uploads/?digest=sha256%3A" + digest(config)[7:], status: 202, body: config, header: []string{"Content-Type", octets}},

	{name: "chunks: POST", method: "POST", path: uploads, status: 202, header: []string{"Content-Length", "0"}},
	{name: "chunks: first PATCH", method: "PATCH", path: "{location}", status: 202, body: layer[:22], header: []string{"Content-Type", octets, "Content-Range", "0-21"}},
	{name: "chunks: status", method: "GET", path: "{location}", status: 204},
	{name: "chunks: out of order", method: "PATCH", path: "{location}", status: 416, body: layer[:22], header: []string{"Content-Type", octets, "Content-Range", "0-21"}},
	{name: "chunks: status again", method: "GET", path: "{location}", status: 204},
	{name: "chunks: second PATCH", method: "PATCH", path: "{location}", status: 202, body: layer[22:], header: []string{"Content-Type", octets, "Content-Range", "22-53"}},
	{name: "chunks: PUT", method: "PUT", path: "{location}&digest=" + digest(layer), status: 201},
	{name: "chunks: the blob is whole", method: "GET", path: "/v2/team/app/blobs/" + digest(layer), status: 200},

	{name: "last chunk with PUT: POST", method: "POST", path: "/v2/team/last/blobs/uploads/", status: 202},
	{name: "last chunk with PUT: PATCH", method: "PATCH", path: "{location}", status: 202, body: layer[:22], header: []string{"Content-Type", octets}},
	{name: "last chunk with PUT: PUT", method: "PUT", path: "{location}&digest=" + digest(layer), status: 201, body: layer[22:], header: []string{"Content-Type", octets, "Content-Range", "22-53"}},

	{name: "cancel: POST", method: "POST", path: uploads, status: 202},
	{name: "cancel: DELETE", method: "DELETE", path: "{location}", status: 204},
	{name: "cancel: status", method: "GET", path: "{location}", status: 404},

	{name: "wrong digest: POST", method: "POST", path: uploads, status: 202},
	{name: "wrong digest: PUT", method: "PUT", path: "{location}&digest=" + missing, status: 400, body: layer, header: []string{"Content-Type", octets}},
	{name: "bad digest: POST", method: "POST", path: uploads, status: 202},
	{name: "bad digest: PUT", method: "PUT", path: "{location}&digest=sha256:bad", status: 400, body: layer, header: []string{"Content-Type", octets}},
	{name: "no digest: PUT", method: "PUT", path: "{location}", status: 400, body: layer, header: []string{"Content-Type", octets}},
	{name: "unknown upload", method: "GET", path: uploads + "01a20232-55fa-7813-ab7b-050c2c882601", status: 404},
	{name: "upload without state", method: "PATCH", path: uploads + "01a20232-55fa-7813-ab7b-050c2c882601", status: 404, body: "x", header: []string{"Content-Type", octets}},

	{name: "mount", method: "POST", path: "/v2/team/mount/blobs/uploads/?mount=" + digest(layer) + "&from=team/app", status: 201},
	{name: "mount, encoded", method: "POST", path: "/v2/team/mounted/blobs/uploads/?from=team%2Fapp&mount=sha256%3A" + digest(layer)[7:], status: 201},
	{name: "the mounted blob is there", method: "HEAD", path: "/v2/team/mount/blobs/" + digest(layer), status: 200},
	{name: "mount of what is not there", method: "POST", path: "/v2/team/mount/blobs/uploads/?mount=" + missing + "&from=team/app", status: 202},
	{name: "mount from where nothing is", method: "POST", path: "/v2/team/mount/blobs/uploads/?mount=" + digest(config) + "&from=team/nothing", status: 202},
	{name: "mount from anywhere", method: "POST", path: "/v2/team/mount/blobs/uploads/?mount=" + digest(config), status: 202},

	{name: "manifest by tag", method: "PUT", path: "/v2/team/app/manifests/v1", status: 201, body: image, header: []string{"Content-Type", imageType}},
	{name: "manifest by another tag", method: "PUT", path: "/v2/team/app/manifests/v2", status: 201, body: image, header: []string{"Content-Type", imageType}},
	{name: "manifest by digest", method: "PUT", path: "/v2/team/app/manifests/" + digest(image), status: 201, body: image, header: []string{"Content-Type", imageType}},
	{name: "manifest by digest, with tags", method: "PUT", path: "/v2/team/app/manifests/" + digest(image) + "?tag=v3&tag=v4", status: 201, body: image, header: []string{"Content-Type", imageType}},
	{name: "the registry takes no such tag", method: "HEAD", path: "/v2/team/app/manifests/v3", status: 404, header: accepts},
	{name: "index", method: "PUT", path: "/v2/team/app/manifests/index", status: 201, body: index, header: []string{"Content-Type", indexType}},
	{name: "artifact with a subject", method: "PUT", path: "/v2/team/app/manifests/" + digest(artifact), status: 201, body: artifact, header: []string{"Content-Type", imageType}},
	{name: "artifact, listed under the fallback tag", method: "PUT", path: "/v2/team/app/manifests/" + fallback(image), status: 201, body: referrers, header: []string{"Content-Type", indexType}},
	{name: "manifest whose blobs are missing", method: "PUT", path: "/v2/team/empty/manifests/v1", status: 400, body: image, header: []string{"Content-Type", imageType}},
	{name: "manifest that is none", method: "PUT", path: "/v2/team/app/manifests/none", status: 400, body: "{", header: []string{"Content-Type", imageType}},
	{name: "manifest of an unknown type", method: "PUT", path: "/v2/team/app/manifests/none", status: 400, body: "{}", header: []string{"Content-Type", "application/json"}},
	{name: "manifest by a wrong digest", method: "PUT", path: "/v2/team/app/manifests/" + missing, status: 400, body: image, header: []string{"Content-Type", imageType}},
}
