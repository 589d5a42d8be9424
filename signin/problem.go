package signin

import (
	"encoding/json"
	"errors"
	"net/http"

	"extauthz/authz"
)

// Codes of errors (OCI Distribution Specification, "Error Codes"). Docker's clients show the
// message of an error of the token endpoint if it has the format of registries.
const (
	codeDenied      = "DENIED"
	codeUnsupported = "UNSUPPORTED"
	codeUnavailable = "UNAVAILABLE"
)

// Messages of errors that the token endpoint and the APIs of AWS have in common.
const (
	noKeyMessage      = "sign-in is off, because no session key signs at this time"
	notLoggedMessage  = "the decision could not be logged in time"
	noSessionMessage  = "no session is possible for this caller"
	overloadedMessage = "too many callers sign in at this moment"
)

// A problem is an error answer. It contains nothing of the request.
type problem struct {
	status  int
	code    string
	oauth   string // the error of OAuth 2.0 (RFC 6749, section 5.2); "" for invalid_request
	message string
	outcome Outcome // "" for Refused
}

func invalidRequest(message string) *problem {
	return &problem{status: http.StatusBadRequest, code: codeUnsupported, message: message}
}

// unavailable returns the answer to a request that may succeed later.
func unavailable(outcome Outcome, message string) *problem {
	return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, message: message, outcome: outcome}
}

// bodyProblem returns the answer to a body that cannot be read.
func bodyProblem(err error) *problem {
	if errors.As(err, new(*http.MaxBytesError)) {
		return &problem{status: http.StatusRequestEntityTooLarge, code: codeUnsupported, message: "the body is too large"}
	}
	return invalidRequest("the form is malformed")
}

// answer is the body of an error, in the format of registries and in that of OAuth 2.0.
type answer struct {
	Error  string        `json:"error,omitempty"` // of a POST
	Errors []answerError `json:"errors"`
}

type answerError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// serveProblem writes an error answer.
func (s *service) serveProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	outcome := p.outcome
	if outcome == "" {
		outcome = Refused
	}
	s.observe(outcome)
	body := answer{Errors: []answerError{{p.code, p.message}}}
	if r.Method == http.MethodPost {
		if body.Error = p.oauth; body.Error == "" {
			body.Error = "invalid_request"
		}
	}
	text, _ := json.Marshal(body) // strings always have a JSON form
	if p.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if p.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, POST")
	}
	writeJSON(w, p.status, text)
}

// serveResult writes the answer of a decision that is not a token. A challenge at the token
// endpoint is for a Basic credential.
func (s *service) serveResult(w http.ResponseWriter, r *http.Request, result *authz.Result) {
	for _, h := range result.Answer.Headers {
		if h.Name == "retry-after" {
			w.Header().Set("Retry-After", h.Value)
		}
	}
	if result.Answer.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="sign in", charset="UTF-8"`)
	}
	s.observe(outcomeOf(result))
	body := result.Answer.Body // {"errors":[…]}
	if r.Method == http.MethodPost {
		body = append([]byte(`{"error":"invalid_grant",`), body[1:]...)
	}
	writeJSON(w, result.Answer.Status, body)
}

// outcomeOf returns the outcome of a decision that is not Allowed.
func outcomeOf(result *authz.Result) Outcome {
	switch result.Decision {
	case authz.Unavailable503:
		return Unavailable
	case authz.ImplicitDeny, authz.ExplicitDeny:
		return Denied
	case authz.Unauthenticated:
		if result.Answer.Status == http.StatusTooManyRequests {
			return RateLimited
		}
		return Unauthenticated
	case authz.Refused, authz.Allowed:
	}
	return Refused
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has closed the connection
}
