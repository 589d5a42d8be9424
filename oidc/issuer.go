package oidc

import (
	"context"
	"errors"
	"time"
)

// ErrUnavailable is what errors.Is finds in the error of a token that could not
// be judged because the issuer's keys could not be had.
var ErrUnavailable = errors.New("the issuer's keys cannot be had")

// Token is a token that held.
type Token struct {
	Claims   Claims
	Issuer   string    // the iss claim
	KeyID    string    // the kid of the key that signed it, "" where it has none
	Audience string    // the one of the wanted audiences that the token is for
	IssuedAt time.Time // zero where the token does not say
	Expires  time.Time
}

// Issuer is an issuer whose tokens are taken. The zero value takes none.
type Issuer struct {
	URL  string  // what the iss claim equals, byte for byte
	Keys *KeySet // nil: nothing is verified here, only Accept can succeed
}

// Verify returns the token if it is signed with a key of the issuer, is for one
// of the audiences and holds at the time now.
func (i *Issuer) Verify(ctx context.Context, raw string, audiences []string, now time.Time) (*Token, error) {
	return nil, errors.New("oidc: not verified")
}

// Accept returns the token of claims that Envoy's jwt_authn filter verified,
// which hold only if they are the payload of raw.
func (i *Issuer) Accept(metadata map[string]any, raw string, audiences []string, now time.Time) (*Token, error) {
	return nil, errors.New("oidc: not verified")
}

// UnverifiedIssuer returns the iss that a token claims, by which to choose the
// Issuer that verifies it. Nothing else may be taken from it.
func UnverifiedIssuer(raw string) (string, error) {
	return "", errors.New("oidc: not verified")
}
