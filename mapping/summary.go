package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// A Summary is what a log contains of a request that has a mapping. It is enough to build
// another request with the same mapping.
type Summary struct {
	Method     string
	Operation  string   // the name of the operation, such as GetManifest
	Repository string   // "" if the operation has none
	Reference  string   // as in Mapping
	Tags       []string // as in Mapping
	Source     string   // of a mount, as Mapping.Source returns it
	EmptyBody  bool     // as Mapping.DeclaresNoBody reports it
}

// Source returns the repository from which the request mounts a blob, "" for another
// operation.
func (m *Mapping) Source() string {
	for i := range m.Permissions {
		if m.Permissions[i].Optional {
			return m.Permissions[i].Repository
		}
	}
	return ""
}

// DeclaresNoBody reports whether the request completes an upload and declares that it does
// not contain the last part. Of other operations the body has no influence on the mapping.
func (m *Mapping) DeclaresNoBody() bool {
	return m.Operation == CompleteUpload && m.Permissions[0].Action == completeLayerUpload
}

// Request returns a request that maps to the operation, repository and reference of the
// summary, and needs the same permissions as the original in every registry. It returns an
// error for a summary of no request.
func (s *Summary) Request() (*HTTPRequest, error) {
	o := operationNamed(s.Operation)
	d := o.describe()
	switch {
	case o == Unsupported:
		return nil, fmt.Errorf("%q is not an operation", s.Operation)
	case !slices.Contains(d.methods, s.Method):
		return nil, fmt.Errorf("%s is not a request for %s", s.Method, s.Operation)
	case d.on == oneRepository && !ValidRepository(s.Repository):
		return nil, fmt.Errorf("%q is not the name of a repository", s.Repository)
	}
	r := &HTTPRequest{Method: s.Method, Path: s.path(d.endpoint) + s.query(o)}
	if s.EmptyBody {
		r.Headers = []Header{{"content-length", "0"}}
	}
	return r, nil
}

func operationNamed(name string) Operation {
	for o := range operations {
		if operations[o].name == name {
			return Operation(o)
		}
	}
	return Unsupported
}

// path returns the path of a request at an endpoint.
func (s *Summary) path(e endpoint) string {
	repository := "/v2/" + s.Repository
	switch e {
	case endpointBase:
		return "/v2/"
	case endpointCatalog:
		return "/v2/_catalog"
	case endpointTags:
		return repository + "/tags/list"
	case endpointUploads:
		return repository + "/blobs/uploads/"
	case endpointUpload:
		return repository + "/blobs/uploads/" + s.Reference
	case endpointManifest:
		return repository + "/manifests/" + s.Reference
	case endpointReferrers:
		return repository + "/referrers/" + s.Reference
	case endpointBlob:
	}
	return repository + "/blobs/" + s.Reference
}

// query returns the query with the parameters on which the mapping depends.
func (s *Summary) query(o Operation) string {
	switch o { //nolint:exhaustive // other operations do not depend on the query
	case MountBlob:
		return "?mount=" + escape(s.Reference) + "&from=" + escape(s.Source)
	case MonolithicUpload:
		return "?digest=" + escape(s.Reference)
	case PutManifest:
		if len(s.Tags) > 0 {
			return "?tag=" + escape(strings.Join(s.Tags, "&tag="))
		}
	}
	return ""
}

// escape returns the value of a parameter. Of the characters of references and names, only
// the plus sign has another meaning in a query.
func escape(value string) string { return strings.ReplaceAll(value, "+", "%2B") }
