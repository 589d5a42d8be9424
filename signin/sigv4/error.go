package sigv4

import "net/http"

// A Code is the kind of an error, which the APIs of AWS name differently. The zero Code is
// Mismatch.
type Code uint8

// The codes (IAM API Reference and STS API Reference, "Common Errors").
const (
	Mismatch   Code = iota // the signature is not that of the request, or too old
	Missing                // the request is not signed
	Incomplete             // the signature is malformed, or does not cover what it must
	Unknown                // the access key or the session token is not valid
	Expired                // the temporary credentials have expired
)

// Query returns the name of the code in the query protocol, which AWS STS has.
func (c Code) Query() string {
	switch c {
	case Missing:
		return "MissingAuthenticationToken"
	case Incomplete:
		return "IncompleteSignature"
	case Unknown:
		return "InvalidClientTokenId"
	case Expired:
		return "ExpiredToken"
	case Mismatch:
	}
	return "SignatureDoesNotMatch"
}

// QueryStatus returns the HTTP status of the code in the query protocol. In the JSON protocol
// it is always 400.
func (c Code) QueryStatus() int {
	if c == Incomplete {
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

// JSON returns the name of the code in the JSON protocol, which Amazon ECR has.
func (c Code) JSON() string {
	switch c {
	case Missing:
		return "MissingAuthenticationTokenException"
	case Incomplete:
		return "IncompleteSignatureException"
	case Unknown:
		return "UnrecognizedClientException"
	case Expired:
		return "ExpiredTokenException"
	case Mismatch:
	}
	return "InvalidSignatureException"
}

// An Error is the reason why a request is not accepted. It contains no secret and no
// signature.
type Error struct {
	Code    Code
	Message string // for the client
}

func (e *Error) Error() string { return e.Message }

func incomplete(message string) error { return &Error{Incomplete, message} }
