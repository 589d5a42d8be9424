package mapping

import "strings"

// Header is one header field of a request. Name is in lower case, as Envoy
// sends it. A header that the client repeated occurs repeatedly, or once with
// its values joined by commas.
type Header struct{ Name, Value string }

// Request is the part of an HTTP request that says what is asked. All of it is
// text of the client and may hold any bytes.
type Request struct {
	Method string
	Path   string // the path with its query, byte for byte as it will be forwarded
	Header []Header
}

// Mapping is what a request asks for. The zero Mapping has no operation and
// must not be taken for one that asks nothing. Its strings may share the memory
// of the request's path: clone one to keep it for long.
type Mapping struct {
	Operation Operation

	// Repository is the one in the path, "" for CheckAPI and Catalog.
	Repository string

	// Reference is what the path names in the repository: a tag, a digest or
	// the id of an upload. For MountBlob and MonolithicUpload, whose paths name
	// nothing, it is the digest in the query. It is checked for its characters
	// only; whether it is well formed is for the registry to say.
	Reference string

	// Tags are those that PutManifest writes beside its reference: the values
	// of its tag parameters, in order, repetitions included.
	Tags []string

	// Permissions are needed all together, except the optional ones; never
	// empty.
	Permissions []Permission

	// RemoveQueryParameters are to be removed before the request is forwarded,
	// whatever the policies say.
	RemoveQueryParameters []string
}

// Permission is one action on one resource.
type Permission struct {
	Action     string // with its prefix, such as ecr:BatchGetImage
	Resource   string // a full ARN, or "*" for an action that takes no resource
	Repository string // the name in Resource; "" where it names no single repository

	// Alternative is an action on the same resource which suffices if Action
	// is denied implicitly, "" for none. An explicit deny of Action stands.
	Alternative string

	// Optional permissions do not decide whether the request may pass, but in
	// which form: see Mapping.RemoveUnlessOptional.
	Optional bool
}

// RemoveUnlessOptional names the query parameters to remove before the request
// is forwarded unless every optional permission is allowed. It turns a mount
// whose source may not be read into a plain upload, as the specification's
// registries do when they cannot mount. It is nil for every other operation.
func (m *Mapping) RemoveUnlessOptional() []string {
	if m.Operation != MountBlob {
		return nil
	}
	return []string{"mount", "from"}
}

// maxTarget bounds a path with its query, in bytes. Clients stay far below it;
// the longest they send is the state that a registry puts into the URL of an
// upload.
const maxTarget = 8192

// Map says what a request asks for, or why it is not to be forwarded: exactly
// one of the results is meaningful, and a nil Refusal means that the Mapping
// is. It is safe for concurrent use if Exists is.
func (g *Registry) Map(r *Request) (Mapping, *Refusal) {
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
	query, refusal := parseQuery(rawQuery)
	if refusal != nil {
		return Mapping{}, refusal
	}
	if operation, refusal = g.judgeQuery(operation, &query); refusal != nil {
		return Mapping{}, refusal
	}
	if refusal := judgeHeaders(r.Header, operation); refusal != nil {
		return Mapping{}, refusal
	}
	mapping := g.mapping(operation, route, &query, r.Header)
	if len(mapping.Permissions) == 0 { // nothing may pass because nobody was asked
		return Mapping{}, refuseMethod(r.Method, route.endpoint)
	}
	return mapping, nil
}

// mapping puts together what the steps of Map have found acceptable.
func (g *Registry) mapping(o Operation, route route, q *query, headers []Header) Mapping {
	m := Mapping{Operation: o, Repository: route.repository, Reference: route.reference}
	switch o {
	case MonolithicUpload:
		m.Reference, m.RemoveQueryParameters = q.digest.value, q.removed()
	case MountBlob:
		m.Reference = q.mount.value
	case PutManifest:
		m.Tags = q.tags
	case StartUpload:
		m.RemoveQueryParameters = q.removed()
	case Unsupported, CheckAPI, HeadBlob, GetBlob, HeadManifest, GetManifest, UploadChunk, CompleteUpload, UploadStatus,
		CancelUpload, DeleteManifest, DeleteBlob, ListTags, ListReferrers, Catalog:
	}
	source := ""
	if o == MountBlob {
		source = q.from.value
	}
	m.Permissions = g.permissions(o, route.repository, source, headers)
	return m
}
