package mapping

import "strings"

// endpoint is a form of path that registries serve. The zero endpoint is not valid.
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

// route is a parsed path.
type route struct {
	endpoint              endpoint
	repository, reference string
}

// parsePath parses a path without its query, or refuses it.
//
// A path must have one meaning only. Servers disagree about escapes, backslashes,
// semicolons and fragments, and clients do not need them. Empty segments and dot segments
// need no separate rule, because no name, reference or keyword is one.
func (g *Settings) parsePath(path string) (route, *Refusal) {
	if i := inPath.prefixLen(path); i < len(path) {
		return route{}, refusePathByte(path, i)
	}
	if path == "/v2" {
		return route{endpoint: endpointBase}, nil
	}
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return route{}, refuseEndpoint(path)
	}
	r := splitPath(rest)
	switch r.endpoint {
	case "":
		return route{}, refuseEndpoint(path)
	case endpointBase, endpointCatalog:
		return r, nil
	case endpointBlob, endpointManifest, endpointTags, endpointReferrers, endpointUploads, endpointUpload:
	}
	if !validName(r.repository, g.ECRNames) {
		return route{}, refuseName(r.repository)
	}
	if r.endpoint != endpointTags && r.endpoint != endpointUploads && !validReference(r.reference) {
		return route{}, refuseReference(r.endpoint, r.reference)
	}
	return r, nil
}

// splitPath splits what follows /v2/, from the right. A repository's name may contain
// every keyword as a component ("a/blobs/b"), but a reference, a digest or the ID of an
// upload does not contain a slash. The last two or three segments therefore determine the
// endpoint, and everything before them is the name.
func splitPath(rest string) route {
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
	case keyword == "uploads":
		if name, keyword = cutLast(name); keyword == "blobs" {
			return route{endpointUpload, name, last}
		}
	}
	return route{}
}

// cutLast splits off the last segment. Without a slash, the whole path is that segment.
func cutLast(path string) (head, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}
