package authz

import (
	"fmt"
	"time"
	"uuid"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/mapping"
)

// An Outcome is the kind of a result.
type Outcome uint8

// The outcomes. The zero value refuses.
const (
	Refused         Outcome = iota // the request is refused for every caller
	Unavailable503                 // no policies yet, out of time, or an internal fault
	Unauthenticated                // no credential, or an invalid one
	ImplicitDeny                   // no policy allows it
	ExplicitDeny                   // a policy denies it
	Allowed
)

// String returns the name of the outcome in logs and metrics. The decisions have the names
// of the IAM policy simulator.
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

// UnmarshalText parses the name of an outcome.
func (o *Outcome) UnmarshalText(text []byte) error {
	for outcome := Refused; outcome <= Allowed; outcome++ {
		if string(text) == outcome.String() {
			*o = outcome
			return nil
		}
	}
	return fmt.Errorf("%q is not the outcome of a request", text)
}

// A Result is the answer to a request and the reason for it. The zero Result refuses.
type Result struct {
	ID       string // of the decision: a UUID of version 7; another result has another ID
	Answer   Answer
	Decision Outcome
	DryRun   bool   // the request is only tried: Decision is what it would get, and Answer never allows
	Reason   string // one line for the operator's log, without secrets; "" if allowed

	Registry    string // the registry's name; "" if none was found
	Principal   string // the caller's ARN, a service's name or "anonymous"; "" without a caller
	User        string // the user of the password file whose login failed; "" for a name that is not in the file
	Source      string // the source that found the credential; "" if none did
	Issuer      string // of a token, valid or not: the name of its issuer
	KeyID       string // of a verified token: the key that signed it
	IssuedTo    string // the principal of the temporary credentials in the answer; "" if it has none
	IssuedKeyID string // their access key
	Digest      string // of the policies that decided
	Operation   string // such as GetManifest; "" if the request was not mapped
	Repository  string
	Reference   string       // tag, digest or upload ID
	Evaluations []Evaluation // in order; if policies deny the request, the last one is denied

	Facts Facts // what else determined the decision; set as far as the request was checked

	RequestID string    // of the request, cut
	Method    string    // cut
	Client    string    // the client's address: the connection's peer or, behind trusted hops, the one that they report
	Time      time.Time // when the request arrived
}

// An Evaluation is the decision of the policies on one action of the caller on a resource.
type Evaluation struct {
	Action, Resource string
	Optional         bool // a denial changes the HTTP request and does not refuse it
	Decision         iam.Decision

	// Reason is the reason for the decision. It is nil if the request is allowed and the
	// checker omits reasons.
	Reason *decision.Reason
}

// Matched returns the statements that apply, if the reason is known.
func (e *Evaluation) Matched() []iam.Match {
	if e.Reason == nil {
		return nil
	}
	return e.Reason.Matched
}

// maxText is the limit on text of the client in a result, in bytes.
const maxText = 128

// newResult returns a result that refuses the request. It contains no credential and only
// a small part of the request, because a log contains it. Its text shares the memory of
// the request's.
func newResult(r *CheckRequest) *Result {
	memory := new(struct {
		result      Result
		evaluations [2]Evaluation // the usual number: to log in, and to pull
	})
	memory.result = Result{
		ID: newID(), RequestID: cut(r.ID), Method: cut(r.Method), Client: r.Peer, Time: r.Time,
		Evaluations: memory.evaluations[:0],
	}
	return &memory.result
}

// newID returns a UUID of version 7 (RFC 9562, section 5.7). The IDs of one process sort in the
// order of their decisions, and those of several processes by the millisecond. 62 bits are
// random, so that no caller can guess the ID of another's decision.
func newID() string { return uuid.NewV7().String() }

func cut(text string) string { return text[:min(len(text), maxText)] }

// Unavailable returns the result for a request that could not be decided, or whose decision
// could not be logged as required.
func Unavailable(reason string) *Result {
	r := &Result{ID: newID()}
	r.unavailable(reason, reason)
	return r
}

// Action returns the action that determined the result: the denied one, or else the first
// action of the operation itself. It is "" if nothing was evaluated.
func (r *Result) Action() string {
	switch {
	case len(r.Evaluations) == 0:
		return ""
	case r.Decision != Allowed:
		return r.last().Action
	case r.Evaluations[0].Action == mapping.GetAuthorizationToken && len(r.Evaluations) > 1:
		return r.Evaluations[1].Action
	}
	return r.Evaluations[0].Action
}

func (r *Result) last() *Evaluation { return &r.Evaluations[len(r.Evaluations)-1] }

// refuse sets the result of a request that cannot be authorized. message is for the client,
// and reason is for the log.
func (r *Result) refuse(status int, code, message, reason string) {
	r.Decision, r.Reason = Refused, reason
	r.answerError(status, errorEntry{Code: code, Message: message})
}

// unavailable sets the result of a request that cannot be decided now. message is for the
// client, and reason is for the log.
func (r *Result) unavailable(message, reason string) {
	r.Decision, r.Reason = Unavailable503, reason
	r.answerError(503, errorEntry{Code: "UNAVAILABLE", Message: "the registry cannot authorize requests now: " + message},
		mapping.Header{Name: "retry-after", Value: "1"})
}

// rateLimited sets the result of a request whose credential is not checked now. The status
// makes clients wait. 401 would mean that the password is wrong.
func (r *Result) rateLimited(reason string) {
	r.Decision, r.Reason = Unauthenticated, reason
	r.answerError(429, errorEntry{Code: "TOOMANYREQUESTS", Message: reason}, mapping.Header{Name: "retry-after", Value: "2"})
}
