package oidc

import (
	"context"
	"errors"
	"math"
	"time"
)

// ErrUnavailable is the error of a token that could not be verified because the issuer's
// keys could not be fetched.
var ErrUnavailable = errors.New("the issuer's keys are not available")

// A Token is a valid token.
type Token struct {
	Claims    Claims
	Issuer    string    // the iss claim
	KeyID     string    // the kid of the key that signed it; may be ""
	Audience  string    // the first accepted audience that the token is for
	IssuedAt  time.Time // iat; zero if absent
	NotBefore time.Time // nbf; zero if absent
	Expires   time.Time // exp

	Validity Validity // of a token from Verify
}

// A Validity says how long [Verifier.Verify] accepts a token that it has accepted, for the
// same audiences. The zero Validity covers no time.
type Validity struct {
	from, until int64 // in seconds since 1970: the first in which it is valid, and the first in which it is not
	keys        *KeySet
	keySet      digest // the text of the keys that verified it
}

// newValidity returns the validity of a token that the keys of a set have verified.
func newValidity(t *Token, keys *KeySet, current *generation) Validity {
	const tolerance = int64(leeway / time.Second)
	v := Validity{from: math.MinInt64, until: t.Expires.Unix() + tolerance, keys: keys, keySet: current.text}
	for _, begin := range [...]time.Time{t.IssuedAt, t.NotBefore} {
		if !begin.IsZero() {
			v.from = max(v.from, begin.Unix()-tolerance)
		}
	}
	return v
}

// Covers reports whether the token is valid at a time: its own times allow it, and the keys
// of the issuer are still those that verified it. Covers does not wait. It returns false if
// the keys must be fetched first.
func (v *Validity) Covers(now time.Time) bool {
	if second := now.Unix(); v.keys == nil || second < v.from || second >= v.until {
		return false
	}
	current := v.keys.current()
	return current != nil && current.text == v.keySet
}

// A Verifier verifies the tokens of one issuer. The zero value accepts no token.
type Verifier struct {
	URL  string  // the iss of its tokens, byte for byte
	Keys *KeySet // nil if only Envoy verifies its tokens; then only Accept succeeds

	accepted lazyTokenCache
}

// Verify returns the token if it is signed with a key of the issuer, is for one of the
// audiences and is valid at the time now, with a tolerance of a minute. It waits for keys no
// longer than ctx. If they could not be fetched, the error is ErrUnavailable.
//
// A token whose signature was verified is cached until the key set changes. Its issuer,
// audience and times are checked each time.
func (i *Verifier) Verify(ctx context.Context, raw string, audiences []string, now time.Time) (*Token, error) {
	if i.URL == "" || i.Keys.empty() {
		return nil, errors.New("no keys to verify the issuer's tokens are configured")
	}
	sum, err := digestOf(raw)
	if err != nil {
		return nil, err
	}
	if g := i.Keys.current(); g != nil {
		if known, found := g.tokens.Get(sum); found {
			token, err := i.checkClaims(known.claims, known.keyID, audiences, now)
			if err != nil {
				return nil, err
			}
			token.Validity = newValidity(token, i.Keys, g)
			return token, nil
		}
	}
	parsed, err := parse(raw)
	if err != nil {
		return nil, err
	}
	token, err := i.checkClaims(parsed.claims, "", audiences, now)
	if err != nil {
		return nil, err
	}
	g, keyID, err := i.Keys.verify(ctx, parsed, sum)
	if err != nil {
		return nil, err
	}
	token.KeyID, token.Validity = keyID, newValidity(token, i.Keys, g)
	return token, nil
}

// Accept returns the token whose claims Envoy's jwt_authn filter verified and put into the
// request's metadata. That filter also finds tokens in the query and in malformed headers,
// accepts tokens without exp, and does not say which token it verified. Therefore the
// claims must equal the payload of raw, the Bearer token of the request, and Accept checks
// issuer, audience and times as Verify does. (Envoy's normalize_payload_in_metadata changes
// claims, and must be off.)
//
// KeyID is the kid in the token, which is not verified here. The claims of accepted tokens
// are cached, and compared and checked each time.
func (i *Verifier) Accept(metadata map[string]any, raw string, audiences []string, now time.Time) (*Token, error) {
	if i.URL == "" {
		return nil, errors.New("no issuer is configured")
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
	if !equalJSON(map[string]any(known.claims), metadata) {
		return nil, errors.New("the claims that Envoy verified are not those of the token in Authorization")
	}
	token, err := i.checkClaims(known.claims, known.keyID, audiences, now)
	if err == nil && !seen {
		i.accepted.tokens().Add(sum, known)
	}
	return token, err
}

// checkClaims returns the token of claims that are of the issuer, for one of the audiences,
// and valid now.
func (i *Verifier) checkClaims(claims Claims, keyID string, audiences []string, now time.Time) (*Token, error) {
	if err := claims.checkIssuer(i.URL); err != nil {
		return nil, err
	}
	audience, err := claims.audience(audiences)
	if err != nil {
		return nil, err
	}
	life, err := claims.checkTimes(now)
	if err != nil {
		return nil, err
	}
	return &Token{
		Claims: claims, Issuer: i.URL, KeyID: keyID, Audience: audience,
		IssuedAt: life.issuedAt, NotBefore: life.notBefore, Expires: life.expires,
	}, nil
}
