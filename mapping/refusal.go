package mapping

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Refusal is why a request is not to be forwarded, in the registry's language.
type Refusal struct {
	// Status is an HTTP status for the answer: 400, 404, 405, 414 or 415; 500 only
	// where the Registry itself is incomplete.
	Status int

	// Code is an error code of the OCI Distribution Specification. None of
	// those that clients take for a reason to try again is used.
	Code string

	// Message says what is wrong. It is printable ASCII, quotes at most a short
	// piece of the path, the repository names, the digests, the tags or the
	// Content-Type, and never another value of the query or of a header.
	Message string
}

// The error codes in use.
const (
	nameInvalid     = "NAME_INVALID"
	digestInvalid   = "DIGEST_INVALID"
	manifestInvalid = "MANIFEST_INVALID"
	unsupported     = "UNSUPPORTED"
)

// quote shows a piece of the request in printable ASCII, cut short.
func quote(s string) string {
	const limit = 80
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

func refuse(status int, code, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func refuseRegistry() *Refusal {
	return refuse(http.StatusInternalServerError, unsupported, "the registry has no partition, region or account")
}

func refuseTarget() *Refusal {
	return refuse(http.StatusRequestURITooLong, unsupported, "path and query are longer than %d bytes", maxTarget)
}

func refusePathByte(path string, at int) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid,
		"the path holds byte 0x%02x at offset %d; a path must be printable ASCII without %%, \\, ; and #", path[at], at)
}

// refuseEndpoint does not repeat a target in absolute form, which may carry a
// password before its host.
func refuseEndpoint(path string) *Refusal {
	if !strings.HasPrefix(path, "/") {
		return refuse(http.StatusNotFound, unsupported, "the path does not begin with a slash")
	}
	return refuse(http.StatusNotFound, unsupported, "%s is not an endpoint of a registry", quote(path))
}

func refuseMethod(method string, e endpoint) *Refusal {
	return refuse(http.StatusMethodNotAllowed, unsupported, "method %s is not supported at this endpoint (%s)", quote(method), string(e))
}

func refuseName(name string) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid, "%s is not a valid repository name", quote(name))
}

func refuseReference(e endpoint, reference string) *Refusal {
	const format = "%s is not a valid reference: want letters, digits and . _ : + = -"
	if e == endpointManifest {
		return refuse(http.StatusBadRequest, manifestInvalid, format, quote(reference))
	}
	return refuse(http.StatusBadRequest, digestInvalid, format, quote(reference))
}

func refuseDigest(parameter, digest string) *Refusal {
	return refuse(http.StatusBadRequest, digestInvalid, "query parameter %s: %s is not a digest", parameter, quote(digest))
}

func refuseQueryByte(query string, at int) *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"the query holds byte 0x%02x at offset %d; a query must be printable ASCII without !, ; and #", query[at], at)
}

func refuseParameterName() *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"a query parameter's name is empty or holds something other than letters, digits and . _ ~ -")
}

func refuseParameterValue(name string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"query parameter %s: the value is not percent-encoded text without control characters", quote(name))
}

func refuseParameterCase(known string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter %s must be written in lower case", known)
}

func refuseParameterCount() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "more than %d query parameters", maxParameters)
}

func refuseRepeated(name string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter %s occurs more than once", quote(name))
}

func refuseAccessToken() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter access_token: credentials belong in the Authorization header")
}

func refuseSource(name string) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid,
		"query parameter from: %s has characters or dot segments that no image's name has; name a repository", quote(name))
}

func refuseMountWithDigest() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameters mount and digest: a request mounts a blob or uploads one; send one of the two")
}

func refuseMisplacedMount() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameters mount and from belong to opening an upload")
}

func refuseOverride(header string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "header %s: the request line alone says what is asked", quote(header))
}

func refuseForm(contentType string) *Refusal {
	return refuse(http.StatusUnsupportedMediaType, unsupported,
		"Content-Type %s: a body that may be read as a form is not supported for layers and manifests; send application/octet-stream or the manifest's own type", quote(contentType))
}
