package identity

import (
	"errors"

	"extauthz/identity/sts"
)

// FailureKind says what kind of failure kept a request without a caller.
type FailureKind uint8

const (
	// Invalid is a credential that is there and does not hold. It is the zero
	// value, so that a failure nobody described is never taken for an
	// anonymous caller.
	Invalid FailureKind = iota
	// Anonymous is a request without any credential.
	Anonymous
	// Unavailable is a credential that could not be judged before the request's
	// deadline, or for want of its issuer's keys; the same request may succeed
	// later.
	Unavailable
	// RateLimited is a credential that was not checked, because too many wrong ones
	// came before it from the same address or for the same user.
	RateLimited
)

// A Failure is the reason why a request has no caller. Its text never holds a
// password or token.
type Failure struct {
	Kind   FailureKind
	Source string // what found the credential: the word of a [Source], "authorization" for one that no source takes, "" for none
	Reason string // for the operator and, where he lets it be told, the client
	Detail string // for the operator alone: what his configuration has to do with it, "" where nothing
	Issuer string // of a token: the name of the issuer that it says it is of
	KeyID  string // of a token that holds: the key that signed it
	// User is the user of the password file who failed to log in, for the operator
	// alone. It is "" for a name that is not in the file: a client that mixes up user
	// name and password sends its password there.
	User string
}

// Full is the reason with the detail: what the operator is told.
func (f *Failure) Full() string {
	if f.Detail == "" {
		return f.Reason
	}
	return f.Reason + ": " + f.Detail
}

// Error returns all of the reason, led by the source where one decided.
func (f *Failure) Error() string {
	if f.Source == "" {
		return f.Full()
	}
	return f.Source + ": " + f.Full()
}

func invalid(source Source, reason string) *Failure {
	return &Failure{Kind: Invalid, Source: source.String(), Reason: reason}
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

// unread is an Authorization header in which no source found a credential.
func unread(reason string) *Failure {
	return &Failure{Kind: Invalid, Source: "authorization", Reason: reason}
}

// short cuts what a message repeats of a client's text.
func short(text string) string { return text[:min(len(text), 128)] }
