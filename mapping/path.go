package mapping

import "strings"

// endpoint is a shape of path that registries answer to; the zero endpoint is
// none.
type endpoint string

const (
	endpointBase      endpoint = "base"      // /v2/
	endpointCatalog   endpoint = "catalog"   // /v2/_catalog
	endpointBlob      endpoint = "blob"      // /v2/R/blobs/DIGEST
	endpointManifest  endpoint = "manifest"  // /v2/R/manifests/REFERENCE
	endpointTags      endpoint = "tags"      // /v2/R/tags/list
	endpointReferrers endpoint = "referrers" // /v2/R/referrers/DIGEST
	endpointUploads   endpoint = "uploads"   // /v2/R/blobs/uploads/
	endpointUpload    endpoint = "upload"    // /v2/R/blobs/uploads/ID
)

// route is a path that has been understood.
type route struct {
	endpoint              endpoint
	repository, reference string
}

// parsePath understands a path without its query, or refuses it.
//
// Nothing in a path may mean two things: an escape, a backslash, a semicolon or
// a fragment is read differently by one server and the next, and no client
// needs one. Empty and dot segments need no rule of their own, since no name,
// reference or keyword may be one.
func (g *Registry) parsePath(path string) (route, *Refusal) {
	if i := strings.IndexFunc(path, notPlain); i >= 0 {
		return route{}, refusePathByte(path, i)
	}
	if path == "/v2" {
		return route{endpoint: endpointBase}, nil
	}
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return route{}, refuseEndpoint(path)
	}
	r := split(rest)
	switch r.endpoint {
	case "":
		return route{}, refuseEndpoint(path)
	case endpointBase, endpointCatalog:
		return r, nil
	default:
	}
	if !validName(r.repository, g.ECRNames) {
		return route{}, refuseName(r.repository)
	}
	if r.endpoint != endpointTags && r.endpoint != endpointUploads && !validReference(r.reference) {
		return route{}, refuseReference(r.endpoint, r.reference)
	}
	return r, nil
}

// notPlain says whether a character of a path is outside printable ASCII, or
// one that servers disagree about.
func notPlain(c rune) bool {
	return c <= ' ' || c >= 0x7f || c == '%' || c == '\\' || c == ';' || c == '#'
}

// split takes what follows /v2/ apart, from the right: a repository's name may
// hold every keyword as a component ("a/blobs/b"), but a reference, a digest or
// an upload's id holds no slash, so the last two or three segments decide and
// everything before them is the name.
func split(rest string) route {
	switch rest {
	case "":
		return route{endpoint: endpointBase}
	case "_catalog":
		return route{endpoint: endpointCatalog}
	}
	if name, ok := strings.CutSuffix(rest, "/blobs/uploads/"); ok {
		return route{endpointUploads, name, ""}
	}
	head, last := cutLast(rest)
	name, keyword := cutLast(head)
	switch {
	case keyword == "manifests":
		return route{endpointManifest, name, last}
	case keyword == "referrers":
		return route{endpointReferrers, name, last}
	case keyword == "tags" && last == "list":
		return route{endpointTags, name, ""}
	case keyword == "blobs" && last == "uploads":
		return route{endpointUploads, name, ""}
	case keyword == "blobs":
		return route{endpointBlob, name, last}
	case keyword == "uploads" && lastSegment(name) == "blobs":
		name, _ = cutLast(name)
		return route{endpointUpload, name, last}
	}
	return route{}
}

// cutLast cuts off the last segment. Without a slash, all is the last segment.
func cutLast(path string) (head, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// lastSegment is what cutLast cuts off.
func lastSegment(path string) string {
	_, last := cutLast(path)
	return last
}
