package identity

import (
	"reflect"
	"time"

	"extauthz/identity/sts"
)

// A Caller is a verified identity: who calls, and how that was proven. It is
// immutable and may be shared between requests.
type Caller struct {
	sts.Caller
	Source string // the word of the [Source] that found the credential; "" for an anonymous caller
	Issuer string // of a token: the name of its issuer
	KeyID  string // of a token: the key that signed it, "" where it does not say
}

// issuedAt is the caller with a session that began then.
func (c *Caller) issuedAt(begin time.Time) *Caller {
	if !sts.HasSession(c.Principal.Kind) {
		return c
	}
	dated := *c
	dated.Caller = c.Caller.IssuedAt(begin)
	return &dated
}

// same tells whether two callers differ in nothing that could decide.
func (c *Caller) same(other *Caller) bool { return c == other || reflect.DeepEqual(c, other) }
