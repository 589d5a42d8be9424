package authz

import (
	"encoding/json"

	"extauthz/mapping"
)

// An Answer is what Envoy is to do with a request: forward it, less some
// headers and query parameters, or answer it itself. The zero Answer is not an
// allow.
type Answer struct {
	Allowed bool

	// Where allowed, what the upstream must not see. Query parameters are
	// removed by raw name.
	RemoveHeaders         []string
	RemoveQueryParameters []string

	// Where not allowed, the response.
	Status  int
	Headers []mapping.Header
	Body    []byte
}

// ReasonHeader carries the reason of a denial where there is no body to carry
// it: in the answer to a HEAD request.
const ReasonHeader = "x-ecr-authz-reason"

// errorBody is the OCI Distribution Specification's error response.
type errorBody struct {
	Errors []errorEntry `json:"errors"`
}

type errorEntry struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  any    `json:"detail,omitempty"`
}

// errorAnswer renders one error as registries do, with its reason in a header
// too.
func errorAnswer(status int, e errorEntry, headers ...mapping.Header) Answer {
	headers = append(headers, mapping.Header{Name: ReasonHeader, Value: headerText(e.Message)})
	return plainErrorAnswer(status, e, headers...)
}

// plainErrorAnswer renders one error as registries do.
func plainErrorAnswer(status int, e errorEntry, headers ...mapping.Header) Answer {
	body, err := json.Marshal(errorBody{[]errorEntry{e}})
	if err != nil { // strings always marshal
		body = nil
	}
	headers = append(headers,
		mapping.Header{Name: "content-type", Value: "application/json"},
		mapping.Header{Name: "docker-distribution-api-version", Value: "registry/2.0"},
	)
	return Answer{Status: status, Headers: headers, Body: body}
}

// maxHeaderText bounds the reason in a header, in bytes. Every sentence about
// names of the lengths that IAM and ECR allow fits: a user's path of 512 and name
// of 64 characters, a repository's name of 256, and some 330 around them.
const maxHeaderText = 1536

// headerText is text as a header value can carry it: printable ASCII (RFC
// 9110, section 5.5), cut where it is too long, which it then says.
func headerText(text string) string {
	b := []byte(text)
	if len(b) > maxHeaderText {
		b = append(b[:maxHeaderText-len("...")], "..."...)
	}
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			b[i] = '?'
		}
	}
	return string(b)
}
