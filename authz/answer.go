package authz

import (
	"encoding/json"

	"extauthz/denialmessage"
	"extauthz/mapping"
)

// An Answer is what Envoy does with a request: it forwards the request without some headers
// and query parameters, or answers it. The zero Answer does not allow.
type Answer struct {
	Allowed bool

	// If allowed: what to remove from the request. Query parameters are removed by
	// their raw names.
	RemoveHeaders         []string
	RemoveQueryParameters []string

	// If allowed: the Authorization header for the registry, which replaces the client's; ""
	// changes nothing. It is a secret.
	Authorization string

	// If not allowed: the response.
	Status  int
	Headers []mapping.Header
	Body    []byte
}

// ReasonHeader is the header with the reason for a denial. The answer to a HEAD request has
// no body that could contain it.
const ReasonHeader = "x-ecr-authz-reason"

// DecisionHeader is the header with the ID of the decision.
const DecisionHeader = "x-ecr-authz-decision-id"

// MessageHeader is the header with the encoded authorization message of a denial.
const MessageHeader = "x-ecr-authz-encoded-message"

// errorBody is the error response of the OCI Distribution Specification.
type errorBody struct {
	Errors []errorEntry `json:"errors"`
}

type errorEntry struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Detail  errorDetail `json:"detail,omitzero"`

	encoded string // authorization message; "" for none
}

// errorDetail is the detail of an error. The specification leaves its content open.
type errorDetail struct {
	DecisionID string `json:"decisionId,omitempty"`
	Name       string `json:"name,omitempty"`     // of a repository that is not known
	Action     string `json:"action,omitempty"`   // that is denied
	Resource   string `json:"resource,omitempty"` // of the action
	Decision   string `json:"decision,omitempty"` // implicitDeny or explicitDeny

	Permissions []dryRunPermission `json:"permissions,omitempty"` // of a dry run
}

// answerError sets the answer to an error response. Its message is also in the reason header,
// and the ID of the decision is in the detail and in a header. An encoded authorization message
// follows the message, as in AWS's errors, because many clients print nothing else. It is in a
// header too.
func (r *Result) answerError(status int, e errorEntry, headers ...mapping.Header) {
	e.Detail.DecisionID = r.ID
	headers = append(headers,
		mapping.Header{Name: DecisionHeader, Value: r.ID},
		mapping.Header{Name: ReasonHeader, Value: headerText(e.Message)})
	if e.encoded != "" {
		headers = append(headers, mapping.Header{Name: MessageHeader, Value: e.encoded})
		e.Message += ". " + denialmessage.Sentence + e.encoded
	}
	r.Answer = errorAnswer(status, e, headers...)
}

// unknownRepository returns the answer of a registry that does not have the repository. It
// has neither a reason nor the ID of the decision, because a registry does not send them.
func unknownRepository(name string) Answer {
	return errorAnswer(404, errorEntry{
		Code: "NAME_UNKNOWN", Message: "repository name not known to registry", Detail: errorDetail{Name: name},
	})
}

// errorAnswer returns an error response in the format of registries.
func errorAnswer(status int, e errorEntry, headers ...mapping.Header) Answer {
	body, _ := json.Marshal(errorBody{[]errorEntry{e}}) // strings always have a JSON form
	headers = append(headers,
		mapping.Header{Name: "content-type", Value: "application/json"},
		mapping.Header{Name: "docker-distribution-api-version", Value: "registry/2.0"},
	)
	return Answer{Status: status, Headers: headers, Body: body}
}

// maxHeaderText is the limit on the reason in a header, in bytes. Every reason about names
// of the lengths that IAM and ECR allow fits: the path and the name of a user have 512 and 64
// characters, the name of a repository has 256, and the rest has about 330.
const maxHeaderText = 1536

// headerText returns text as the value of a header: in printable ASCII (RFC 9110, section
// 5.5), and cut with an ellipsis if it is too long.
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
