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
	Claims    Claims
	Issuer    string    // the iss claim
	KeyID     string    // the kid of the key that signed it, "" where it has none
	Audience  string    // the first of the wanted audiences that the token is for
	IssuedAt  time.Time // iat, zero where the token does not say
	NotBefore time.Time // nbf, zero where the token does not say
	Expires   time.Time // exp
}

// Verifier is an issuer whose tokens are taken. The zero value takes none.
type Verifier struct {
	URL  string  // what the iss claim equals, byte for byte
	Keys *KeySet // nil: nothing is verified here, only Accept can succeed

	accepted lazyMemory
}

// Verify returns the token if it is signed with a key of the issuer, is for one
// of the audiences and holds at the time now, give or take a minute. It waits
// for keys no longer than ctx; where they could not be had, the error is
// ErrUnavailable.
//
// A token whose signature was verified is remembered as long as the key set
// stays as it is; issuer, audience and times are judged anew each time.
func (i *Verifier) Verify(ctx context.Context, raw string, audiences []string, now time.Time) (*Token, error) {
	if i.URL == "" || i.Keys.empty() {
		return nil, errors.New("there are no keys to verify the issuer's tokens with")
	}
	sum, err := digestOf(raw)
	if err != nil {
		return nil, err
	}
	if known, ok := i.Keys.recall(sum); ok {
		return i.judge(known.claims, known.keyID, audiences, now)
	}
	parsed, err := parse(raw)
	if err != nil {
		return nil, err
	}
	token, err := i.judge(parsed.claims, "", audiences, now)
	if err != nil {
		return nil, err
	}
	token.KeyID, err = i.Keys.verify(ctx, parsed, sum)
	if err != nil {
		return nil, err
	}
	return token, nil
}

// Accept returns the token of claims that Envoy's jwt_authn filter verified and
// put into the request's metadata. That filter also finds tokens in the query
// and in malformed headers, takes tokens without exp, and names no token. So the
// claims hold only if they are, to the last, the payload of raw, the Bearer token
// of the request, and issuer, audience and times are judged as in Verify.
// (Envoy's normalize_payload_in_metadata changes claims, and so must be off.)
//
// KeyID is what the token says; that is not verified here. The claims last
// accepted are remembered, and compared and judged anew each time.
func (i *Verifier) Accept(metadata map[string]any, raw string, audiences []string, now time.Time) (*Token, error) {
	if i.URL == "" {
		return nil, errors.New("there is no issuer to take tokens of")
	}
	sum, err := digestOf(raw)
	if err != nil {
		return nil, err
	}
	known, seen := i.accepted.tokens().Get(sum)
	if !seen {
		parsed, err := parse(raw)
		if err != nil {
			return nil, err
		}
		known.claims, known.keyID = parsed.claims, parsed.keyID
	}
	if !same(map[string]any(known.claims), metadata) {
		return nil, errors.New("the claims that Envoy verified are not those of the token in Authorization")
	}
	token, err := i.judge(known.claims, known.keyID, audiences, now)
	if err == nil && !seen {
		i.accepted.tokens().Add(sum, known)
	}
	return token, err
}

// judge makes a token of claims, if they are the issuer's, for one of the
// audiences, and hold now.
func (i *Verifier) judge(claims Claims, keyID string, audiences []string, now time.Time) (*Token, error) {
	if err := claims.issuedBy(i.URL); err != nil {
		return nil, err
	}
	audience, err := claims.audience(audiences)
	if err != nil {
		return nil, err
	}
	life, err := claims.holdsAt(now)
	if err != nil {
		return nil, err
	}
	return &Token{
		Claims: claims, Issuer: i.URL, KeyID: keyID, Audience: audience,
		IssuedAt: life.issued, NotBefore: life.begins, Expires: life.expires,
	}, nil
}
