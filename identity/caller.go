package identity

import (
	"errors"
	"reflect"
	"time"

	"extauthz/iam"
	"extauthz/identity/session"
	"extauthz/identity/sts"
)

// A Caller is the authenticated principal of a request, and how it was authenticated.
// It is immutable and may be shared between requests.
type Caller struct {
	sts.CallerIdentity
	Source string // the [Source] that found the credential; "" for an anonymous caller
	Issuer string // of a token: the name of its issuer
	// KeyID is the key that signed a token, or the access key that signed a request; "" if the
	// token does not name it.
	KeyID string

	// Session is the session of a session token; nil for another credential.
	Session *session.Session
	// Temporary are the temporary credentials that signed the request; nil for another
	// credential.
	Temporary *session.Credentials

	// beginsWithRequest means that the session of the caller begins with the request.
	beginsWithRequest bool
}

// AppendContext appends the condition keys of the caller to those of a request. now is the
// time of the request, as aws:CurrentTime contains it.
func (c *Caller) AppendContext(request iam.Context, now string) iam.Context {
	request = append(request, c.Context...)
	if c.beginsWithRequest {
		request = append(request, iam.ContextEntry{Key: "aws:TokenIssueTime", Value: now})
	}
	return request
}

// SessionBegin returns when the session of the caller began, zero for a caller without a
// session. now is the time of the request.
func (c *Caller) SessionBegin(now time.Time) time.Time {
	switch {
	case c.beginsWithRequest:
		return now
	case c.Spec == nil:
		return time.Time{}
	}
	return c.Spec.IssuedAt
}

// equal reports whether two callers differ in nothing that a decision could depend on. Their
// specs may differ: a tag can be that of the role or of the session.
func (c *Caller) equal(other *Caller) bool {
	if c == other {
		return true
	}
	a, b := *c, *other
	a.Spec, b.Spec = nil, nil
	return reflect.DeepEqual(a, b)
}

// FailureKind is a kind of failure to authenticate.
type FailureKind uint8

const (
	// Invalid means that the request has a credential that is not valid. It is the
	// zero value, so that an incomplete failure never makes a caller anonymous.
	Invalid FailureKind = iota
	// Anonymous means that the request has no credential.
	Anonymous
	// Unavailable means that the credential could not be checked before the request's
	// deadline, or without the keys of its issuer. The same request may succeed later.
	Unavailable
	// RateLimited means that the credential was not checked, because too many wrong
	// ones came before it from the same address or for the same user.
	RateLimited
)

// A Failure is the reason why a request has no caller. Its text never contains a
// password or token.
type Failure struct {
	Kind   FailureKind
	Source string // the [Source] that found the credential; "authorization" if none accepts it, "" if the request has none
	Reason string // for the operator and, if the configuration allows it, the client
	Detail string // for the operator only: what the configuration has to do with it; may be ""
	Issuer string // of a token: the name of the issuer that the token names
	KeyID  string // of a valid token: the key that signed it; of a signed request: its access key, if it exists
	// User is the user of the password file who failed to log in, for the operator
	// only. It is "" for a name that is not in the file: a client that mixes up user
	// name and password sends its password there.
	User string
	// Cause is the error of a signed request: ErrUnknownAccessKey, ErrExpiredCredentials, or
	// that of the signature. Of a token it is the error of its verification or, where it assumes
	// a role in AWS's protocol, that of the role. It is nil for another credential.
	Cause error
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Full returns the reason with the detail, for the operator.
func (f *Failure) Full() string {
	if f.Detail == "" {
		return f.Reason
	}
	return f.Reason + ": " + f.Detail
}

// Error returns the full reason, after the source if one decided.
func (f *Failure) Error() string {
	if f.Source == "" {
		return f.Full()
	}
	return f.Source + ": " + f.Full()
}

// IsInvalidToken reports whether a Bearer token is not valid, so that a challenge says
// error="invalid_token" (RFC 6750, section 3.1).
func (f *Failure) IsInvalidToken() bool {
	return f.Kind == Invalid && Source(f.Source).definition().isBearer
}

func invalid(source Source, reason string) *Failure {
	return &Failure{Kind: Invalid, Source: string(source), Reason: reason}
}

// noPrincipal returns the failure of a valid credential that maps to no principal
// because of err.
func noPrincipal(source Source, err error) *Failure {
	f := invalid(source, err.Error())
	var denied *sts.AccessDenied
	if errors.As(err, &denied) {
		f.Detail = denied.Detail
	}
	return f
}

// hideEntity replaces the error for a user or role that does not exist. Captures made
// its name from the client's name, and the client must not learn it.
func hideEntity(err error) error {
	var absent *sts.NoSuchEntity
	if errors.As(err, &absent) {
		return &sts.AccessDenied{Reason: "no principal is bound to this credential", Detail: err.Error()}
	}
	return err
}

// badAuthorization returns the failure of an Authorization header in which no source
// found a credential.
func badAuthorization(reason string) *Failure { return invalid("authorization", reason) }
