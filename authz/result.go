package authz

import (
	"strings"
	"time"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// An Outcome is what became of a request, in one word.
type Outcome uint8

// The outcomes. The zero value refuses.
const (
	Refused         Outcome = iota // the request cannot be judged
	Unavailable503                 // no policies yet, out of time, or a fault
	Unauthenticated                // no credential, or one that does not hold
	ImplicitDeny                   // no policy allows it
	ExplicitDeny                   // a policy denies it
	Allowed
)

// String returns the word for logs and metrics; the three decisions have the
// words of the IAM policy simulator.
func (o Outcome) String() string {
	switch o {
	case Unavailable503:
		return "unavailable"
	case Unauthenticated:
		return "unauthenticated"
	case ImplicitDeny:
		return "implicitDeny"
	case ExplicitDeny:
		return "explicitDeny"
	case Allowed:
		return "allowed"
	case Refused:
	}
	return "refused"
}

// A Result is the answer to a request and why it is so. The zero Result is a
// refusal.
type Result struct {
	Answer   Answer
	Decision Outcome
	Reason   string // one line for the operator's log, which holds no secret; "" for an allow

	Registry    string // the registry's name; "" where none was found
	Principal   string // the caller's ARN, a service's name or "anonymous"; "" where nobody was identified
	User        string // the user of the password file who failed to log in; "" for a name that is not in the file
	Source      string // the source that found the credential; "" where there is none
	Issuer      string // of a token, whether it proves a caller or not: the name of its issuer
	KeyID       string // of a token that holds: the key that signed it
	Digest      string // of the policies that decided
	Operation   string // such as GetManifest; "" where the request was not mapped
	Repository  string
	Reference   string       // tag, digest or upload id
	Permissions []Permission // in the order decided; the last one denied, where one did

	RequestID string    // of the request, cut short
	Method    string    // cut short
	Client    string    // the client's address: of the connection's peer or, behind trusted hops, what they say
	Time      time.Time // when the request came in

	pass *pass
}

// maxText bounds what a result keeps of the client's own words, in bytes.
const maxText = 128

// newResult is the refusing result of a request. It keeps no credential, and
// little of the request, since a log may hold on to it.
func newResult(r *Request) *Result {
	return &Result{RequestID: cut(r.ID), Method: cut(r.Method), Client: r.Peer, Time: r.Time}
}

func cut(text string) string { return strings.Clone(text[:min(len(text), maxText)]) }

// Unavailable returns the result for a request that could not be judged, or
// whose decision could not be kept as required.
func Unavailable(reason string) *Result {
	r := &Result{}
	r.unavailable(reason)
	return r
}

// Explain works out why each permission was decided as it was, in the order of
// Permissions. It evaluates again, by the policies that decided.
func (r *Result) Explain() []iam.Explanation {
	why := make([]iam.Explanation, len(r.Permissions))
	for i, p := range r.Permissions {
		asked := r.pass.question(p)
		why[i] = r.pass.snapshot.Decisions.Explain(&asked)
	}
	return why
}

// Requests are the questions that the decision engine was asked, in the order of
// Permissions.
func (r *Result) Requests() []*decision.Request {
	asked := make([]*decision.Request, len(r.Permissions))
	for i, p := range r.Permissions {
		question := r.pass.question(p)
		asked[i] = &question
	}
	return asked
}

// Action is the action that settled the result: the denied one, else the
// first that the operation itself needs, else "".
func (r *Result) Action() string {
	switch {
	case len(r.Permissions) == 0:
		return ""
	case r.Decision != Allowed:
		return r.last().Action
	case r.Permissions[0].Action == mapping.GetAuthorizationToken && len(r.Permissions) > 1:
		return r.Permissions[1].Action
	}
	return r.Permissions[0].Action
}

func (r *Result) last() Permission { return r.Permissions[len(r.Permissions)-1] }

func (r *Result) describe(m *mapping.Mapping) {
	r.Operation, r.Repository, r.Reference = m.Operation.String(), m.Repository, m.Reference
}

func (r *Result) allow(registry *policystore.Registry, removeQuery []string) {
	r.Decision = Allowed
	r.Answer = Answer{Allowed: true, RemoveHeaders: registry.RemoveHeaders(), RemoveQueryParameters: removeQuery}
}

func (r *Result) deny(d iam.Decision, reason string, answer Answer) {
	r.Decision, r.Reason, r.Answer = ImplicitDeny, reason, answer
	if d == iam.ExplicitDeny {
		r.Decision = ExplicitDeny
	}
}

func (r *Result) refuse(refusal *mapping.Refusal) {
	r.Decision, r.Reason = Refused, refusal.LogMessage
	r.Answer = errorAnswer(refusal.Status, errorEntry{Code: refusal.Code, Message: refusal.Message})
}

func (r *Result) unavailable(reason string) {
	r.Decision, r.Reason = Unavailable503, reason
	r.Answer = errorAnswer(503, errorEntry{Code: "UNAVAILABLE", Message: "the registry cannot authorize requests now: " + reason},
		mapping.Header{Name: "retry-after", Value: "1"})
}

// limited refuses to check a credential now. The status tells clients to wait;
// 401 would say that the password is wrong.
func (r *Result) limited(reason string) {
	r.Decision, r.Reason = Unauthenticated, reason
	r.Answer = errorAnswer(429, errorEntry{Code: "TOOMANYREQUESTS", Message: reason}, mapping.Header{Name: "retry-after", Value: "2"})
}
