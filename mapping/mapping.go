package mapping

import "strings"

// Header is one header field of a request. Name is in lower case, as Envoy sends it. A
// header that the client repeated is in the list several times, or once with its values
// joined by commas.
type Header struct{ Name, Value string }

// HTTPRequest is the part of an HTTP request that determines what it does. The client chose
// all of its text, which may contain any bytes.
type HTTPRequest struct {
	Method  string
	Path    string // with the query, byte for byte as it will be forwarded
	Headers []Header
}

// Mapping is what a request does and needs. The zero Mapping has no operation and is not
// valid. Its strings may share the memory of the request's path: clone a string to retain
// it for long.
type Mapping struct {
	Operation Operation

	// Repository is the repository in the path, "" for CheckAPI and Catalog.
	Repository string

	// Reference is what the path identifies in the repository: a tag, a digest or the
	// ID of an upload. For MountBlob and MonolithicUpload it is the digest in the query.
	// Its characters are checked. The registry checks whether it is well formed.
	Reference string

	// Tags are the tags that PutManifest writes in addition to its reference: the
	// values of its tag parameters in order, with repetitions.
	Tags []string

	// Permissions must all be allowed, except the optional ones. The list is never empty.
	Permissions []Permission

	// RemoveQueryParameters are the parameters to remove before the request is
	// forwarded, whatever the policies allow.
	RemoveQueryParameters []string
}

// RemoveUnlessOptional returns the query parameters to remove before the request is
// forwarded unless every optional permission is allowed. Removing them turns a mount from
// a repository that the caller may not read into a plain upload, as the specification
// requires of registries that cannot mount. It is nil for every other operation.
func (m *Mapping) RemoveUnlessOptional() []string {
	if m.Operation != MountBlob {
		return nil
	}
	return []string{"mount", "from"}
}

// maxTarget is the limit on a path with its query, in bytes. Clients stay far below it.
// The longest that they send is the state that a registry puts into the URL of an upload.
const maxTarget = 8192

// Map returns what a request does and needs, or why it must not be forwarded. Exactly one
// of the results is valid: the Mapping if the Refusal is nil. Map is safe for concurrent
// use if Exists is.
func (g *Settings) Map(r *HTTPRequest) (Mapping, *Refusal) { return g.MapInto(nil, r) }

// MapInto is Map with memory for the permissions: they are appended to buffer[:0].
// UsualPermissions is enough for most requests.
func (g *Settings) MapInto(buffer []Permission, r *HTTPRequest) (Mapping, *Refusal) {
	if g.Partition == "" || g.Region == "" || g.Account == "" {
		return Mapping{}, refuseRegistry()
	}
	if len(r.Path) > maxTarget {
		return Mapping{}, refuseTarget()
	}
	path, rawQuery, _ := strings.Cut(r.Path, "?")
	route, refusal := g.parsePath(path)
	if refusal != nil {
		return Mapping{}, refusal
	}
	operation := route.endpoint.operation(r.Method)
	if operation == Unsupported || operation == DeleteBlob && !g.DeleteBlobs {
		return Mapping{}, refuseMethod(r.Method, route.endpoint)
	}
	var text strings.Builder // what the mapping contains and the request does not: one allocation
	text.Grow(g.textSize(operation, route.repository, rawQuery))
	query, refusal := parseQuery(rawQuery, &text)
	if refusal != nil {
		return Mapping{}, refusal
	}
	if operation, refusal = g.checkQuery(operation, &query); refusal != nil {
		return Mapping{}, refusal
	}
	if refusal := checkHeaders(r.Headers, operation); refusal != nil {
		return Mapping{}, refusal
	}
	m, source := newMapping(operation, route, &query)
	d := operation.describe()
	m.Permissions = g.appendPermissions(buffer[:0], d, route.repository, r.Headers, &text)
	if d.sourceRead != "" {
		m.Permissions = g.appendSource(m.Permissions, d, source, &text)
	}
	if len(m.Permissions) == 0 { // no request may pass without a permission
		return Mapping{}, refuseMethod(r.Method, route.endpoint)
	}
	return m, nil
}

// newMapping returns the mapping of a request that every check has accepted, without its
// permissions, and the source of a mount.
func newMapping(o Operation, route route, q *query) (m Mapping, source string) {
	m = Mapping{Operation: o, Repository: route.repository, Reference: route.reference}
	switch {
	case o == MountBlob:
		m.Reference, source = q.mount.value, q.from.value
	case route.endpoint == endpointUploads:
		m.Reference, m.RemoveQueryParameters = q.digest.value, q.mountParameters()
	case o == PutManifest:
		m.Tags = q.tags
	}
	return m, source
}
