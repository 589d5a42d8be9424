package session

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"extauthz/diag"
)

// maxToken is the limit on a token, in bytes. Envoy, registry clients and the header of
// HTTP Basic have room for it.
const maxToken = 8 << 10

// ErrNoKey is the error of a session that cannot be signed because no key signs now.
var ErrNoKey = errors.New("no session key signs at this time")

// A Service signs and verifies the tokens of one issuer.
type Service struct {
	Issuer string       // the iss of its tokens
	Keys   func() *Keys // the current keys; may return nil
}

// NewID returns the random ID of a new session.
func NewID() string { return rand.Text() }

// Sign returns the token of a session for a use, signed with the newest key. The error is
// ErrNoKey, or says that the session is too large for a token.
func (s *Service) Sign(use Use, session *Session, now time.Time) (token string, err error) {
	k := s.Keys().signer(now)
	if k == nil || k.signers[use] == nil {
		return "", ErrNoKey
	}
	payload, err := json.Marshal(claimsOf(s.Issuer, session), json.Deterministic(true))
	if err != nil {
		return "", err
	}
	signed, err := k.signers[use].Sign(payload)
	if err != nil {
		return "", err
	}
	return checkedToken(signed.CompactSerialize())
}

// A TooLarge is the error of a session that does not fit into a token.
type TooLarge struct{ Size int } // of the token, in bytes

func (e *TooLarge) Error() string {
	return fmt.Sprintf("the session does not fit into a token: its tags and policies make %d bytes, and the maximum is %d", e.Size, maxToken)
}

// checkedToken returns a new token, or a TooLarge.
func checkedToken(token string, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case len(token) > maxToken:
		return "", &TooLarge{len(token)}
	}
	return token, nil
}

// A Token is a valid token.
type Token struct {
	Session *Session
	KeyID   string // of the key that signed it
	until   int64  // the first second, since 1970, in which it is no longer valid
}

// Verify returns the token if it is signed with one of the keys, is for the use and the
// registry, and is valid at the time now, with a tolerance of a minute.
func (s *Service) Verify(use Use, raw, registry string, now time.Time) (*Token, error) {
	if len(raw) > maxToken {
		return nil, errors.New("the session token is too long")
	}
	if UseOf(raw) != use {
		return nil, wrongUse(UseOf(raw))
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256})
	if err != nil || len(signed.Signatures) != 1 {
		return nil, errors.New("the session token is malformed")
	}
	header := signed.Signatures[0].Protected
	k := s.Keys().find(header.KeyID)
	switch {
	case s.Keys().Len() == 0:
		return nil, errors.New("no session key is configured, so that session tokens cannot be verified")
	case k == nil:
		return nil, diag.Problemf("the key of the session token is not known").WithRemedy("sign in again")
	case header.Algorithm != string(k.algorithm):
		return nil, errors.New("the session token is signed with another algorithm than its key is for")
	}
	payload, err := signed.Verify(k.private.Public())
	if err != nil {
		return nil, errors.New("the signature of the session token is not valid")
	}
	var c claims
	if json.Unmarshal(payload, &c, json.RejectUnknownMembers(true)) != nil {
		return nil, diag.Problemf("the session token has claims that are not known here").WithRemedy("upgrade every replica")
	}
	if err := c.check(s.Issuer, registry, now); err != nil {
		return nil, err
	}
	return &Token{Session: c.session(), KeyID: k.id, until: c.Expires + int64(leeway/time.Second)}, nil
}

// Covers reports whether Verify would accept the token at a time, for the same use and
// registry and not before it was accepted once.
func (s *Service) Covers(t *Token, now time.Time) bool {
	return now.Unix() < t.until && s.Keys().Has(t.KeyID)
}

// wrongUse returns the error of a token for a use that is not accepted.
func wrongUse(use Use) error {
	switch use {
	case Access:
		return errors.New("a session token cannot be exchanged for another")
	case Refresh:
		return errors.New("a refresh token is only accepted by the token endpoint")
	}
	return errors.New("this is not a token of a session")
}

// UseOf returns the use that a token claims, "" if it is not a token of this package. The
// token is not verified.
func UseOf(raw string) Use {
	const maxHeader = 512 // of any token of this package, in base64
	segment, _, _ := strings.Cut(raw[:min(len(raw), maxHeader)], ".")
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return ""
	}
	var header struct {
		Type Use `json:"typ"`
	}
	if json.Unmarshal(text, &header) != nil || header.Type != Access && header.Type != Refresh {
		return ""
	}
	return header.Type
}
