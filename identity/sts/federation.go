package sts

import (
	"cmp"
	"errors"
	"time"

	"extauthz/iam"
)

// A FederationInput is a request for a session of a federated user, as in the API of AWS STS.
type FederationInput struct {
	Name            string
	Tags            []Tag // session tags
	SessionPolicies []*iam.Policy
	InlinePolicy    string    // the text of a session policy in addition to these; "" for none
	IssuedAt        time.Time // when the session begins
}

// ErrTemporaryCredentials is the error of an operation that only long-term credentials may call.
var ErrTemporaryCredentials = errors.New("session credentials")

// FederatedUser returns the session in which a user federates another (STS API Reference,
// GetFederationToken). The policies of the user are not evaluated. Root users federate no one.
func (e *Entities) FederatedUser(by *CallerIdentity, input *FederationInput) (CallerIdentity, error) {
	if by.IsTemporary() {
		return CallerIdentity{}, ErrTemporaryCredentials
	}
	if by.Principal.Kind != iam.User {
		return CallerIdentity{}, errors.New("only an IAM user federates users")
	}
	arn, err := iam.ParseARN(by.Principal.ARN)
	if err = cmp.Or(err, checkFederatedName(input.Name)); err != nil {
		return CallerIdentity{}, err
	}
	arn.Service, arn.Resource = "sts", "federated-user/"+input.Name
	return e.Caller(&CallerSpec{
		Principal: arn.String(), FederatedBy: by.Principal.ARN,
		Tags: input.Tags, SessionPolicies: input.SessionPolicies, InlinePolicy: input.InlinePolicy, IssuedAt: input.IssuedAt,
	})
}

// SessionOfUser returns a user or root user with temporary credentials that are issued at a time
// (STS API Reference, GetSessionToken).
func (e *Entities) SessionOfUser(by *CallerIdentity, issued time.Time) (CallerIdentity, error) {
	if by.IsTemporary() {
		return CallerIdentity{}, ErrTemporaryCredentials
	}
	if by.Principal.Kind != iam.User && by.Principal.Kind != iam.RootUser {
		return CallerIdentity{}, errors.New("only a user has temporary credentials of its own")
	}
	return e.Caller(&CallerSpec{Principal: by.Principal.ARN, IssuedAt: issued})
}

// IsTemporary reports whether the caller has temporary credentials.
func (c *CallerIdentity) IsTemporary() bool {
	return HasSession(c.Principal.Kind) || c.Spec != nil && !c.Spec.IssuedAt.IsZero()
}
