package mapping

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Refusal is the reason why a request must not be forwarded, in the registry's terms.
type Refusal struct {
	// Status is the HTTP status of the answer: 400, 404, 405, 414 or 415, and 500 if
	// the Registry itself is incomplete.
	Status int

	// Code is an error code of the OCI Distribution Specification. It is never one
	// after which clients try again.
	Code string

	// Message is the reason for the client, in printable ASCII. It quotes at most a
	// short piece of the path, the repository names, the digests, the tags or the
	// Content-Type, and never another value of the query or of a header.
	Message string

	// LogMessage is Message without the text of the request, which may contain a
	// password.
	LogMessage string
}

// The error codes in use.
const (
	nameInvalid     = "NAME_INVALID"
	digestInvalid   = "DIGEST_INVALID"
	manifestInvalid = "MANIFEST_INVALID"
	unsupported     = "UNSUPPORTED"
)

// clientText is a piece of the request in a message.
type clientText string

// String returns at most 80 bytes of the text, quoted and in printable ASCII.
func (t clientText) String() string {
	const limit = 80
	if len(t) > limit {
		return strconv.QuoteToASCII(string(t[:limit])) + "..."
	}
	return strconv.QuoteToASCII(string(t))
}

// refuse returns a refusal. Every argument of type clientText is left out of LogMessage.
func refuse(status int, code, format string, args ...any) *Refusal {
	r := &Refusal{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
	for i := range args {
		if _, ok := args[i].(clientText); ok {
			args[i] = `"…"`
		}
	}
	r.LogMessage = fmt.Sprintf(format, args...)
	return r
}

func refuseRegistry() *Refusal {
	return refuse(http.StatusInternalServerError, unsupported, "the registry has no partition, region or account")
}

func refuseTarget() *Refusal {
	return refuse(http.StatusRequestURITooLong, unsupported, "path and query are longer than %d bytes", maxTarget)
}

func refusePathByte(path string, at int) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid,
		"the path contains byte 0x%02x at offset %d; a path must be printable ASCII without %%, \\, ; and #", path[at], at)
}

// refuseEndpoint does not repeat a target in absolute form, which may contain a password
// before its host.
func refuseEndpoint(path string) *Refusal {
	if !strings.HasPrefix(path, "/") {
		return refuse(http.StatusNotFound, unsupported, "the path does not begin with a slash")
	}
	return refuse(http.StatusNotFound, unsupported, "%s is not an endpoint of a registry", clientText(path))
}

func refuseMethod(method string, e endpoint) *Refusal {
	return refuse(http.StatusMethodNotAllowed, unsupported, "method %s is not supported at this endpoint (%s)", clientText(method), string(e))
}

func refuseName(name string) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid, "%s is not a valid repository name", clientText(name))
}

func refuseReference(e endpoint, reference string) *Refusal {
	code := digestInvalid
	if e == endpointManifest {
		code = manifestInvalid
	}
	return refuse(http.StatusBadRequest, code, "%s is not a valid reference; send letters, digits and . _ : + = -", clientText(reference))
}

func refuseDigest(parameter, digest string) *Refusal {
	return refuse(http.StatusBadRequest, digestInvalid, "query parameter %s: %s is not a digest", parameter, clientText(digest))
}

func refuseQueryByte(query string, at int) *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"the query contains byte 0x%02x at offset %d; a query must be printable ASCII without !, ; and #", query[at], at)
}

func refuseParameterName() *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"the name of a query parameter is empty or contains a character other than letters, digits and . _ ~ -")
}

func refuseParameterValue(name string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported,
		"query parameter %s: the value is not percent-encoded text without control characters", clientText(name))
}

func refuseParameterCase(known string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter %s must be written in lower case", known)
}

func refuseParameterCount() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "more than %d query parameters", maxParameters)
}

func refuseRepeated(name string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter %s occurs more than once", clientText(name))
}

func refuseAccessToken() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameter access_token: send credentials in the Authorization header")
}

func refuseSource(name string) *Refusal {
	return refuse(http.StatusBadRequest, nameInvalid,
		"query parameter from: %s has characters or dot segments that are not allowed in an image's name; send the name of a repository", clientText(name))
}

func refuseMountWithDigest() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameters mount and digest: a request mounts a blob or uploads one; send one of the two")
}

func refuseMisplacedMount() *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "query parameters mount and from are only valid in a POST that starts an upload")
}

func refuseOverride(header string) *Refusal {
	return refuse(http.StatusBadRequest, unsupported, "header %s is not supported: it can replace the method or the path of the request line", clientText(header))
}

func refuseForm(contentType string) *Refusal {
	return refuse(http.StatusUnsupportedMediaType, unsupported,
		"Content-Type %s: a body that can be read as a form is not supported for layers and manifests; send application/octet-stream or the manifest's own type", clientText(contentType))
}
