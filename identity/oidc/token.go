package oidc

import (
	"encoding/base64"
	lenient "encoding/json"
	"encoding/json/v2"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxToken bounds a token, in bytes. Those of the known issuers have 1 to 3 KiB.
const maxToken = 8 << 10

// algorithms are those that a token may be signed with (RFC 7518, section 3; RFC 8037,
// section 3.1): not "none", and not an HMAC, with whose key the verifier could sign too.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512,
	jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512,
	jose.EdDSA,
}

// types are the typ headers of tokens that are credentials, in lower case (RFC 8725,
// section 3.11): an issuer signs other things with the same keys, such as the logout tokens
// of OpenID Connect.
var types = []string{"jwt", "jose", "at+jwt", "application/at+jwt"}

// unverifiedToken is a well-formed token whose signature is not verified. Its claims must
// not be used before that.
type unverifiedToken struct {
	raw       string
	algorithm jose.SignatureAlgorithm
	keyID     string
	namesKey  bool // whether there is a kid, which may be empty
	payload   []byte
	claims    Claims
}

// parse parses a JWS in compact serialization (RFC 7515, section 7.1). It rejects text that
// two parsers could read as different tokens.
func parse(raw string) (*unverifiedToken, error) {
	segments, err := split(raw)
	if err != nil {
		return nil, err
	}
	t := &unverifiedToken{raw: raw}
	header, _, err := object("header", segments[0])
	if err != nil {
		return nil, err
	}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	if t.claims, t.payload, err = object("payload", segments[1]); err != nil {
		return nil, err
	}
	_, err = decode("signature", segments[2])
	return t, err
}

// split returns the three parts of a token: header, payload and signature.
func split(raw string) ([]string, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("the token has %d bytes, more than the maximum of %d", len(raw), maxToken)
	}
	segments := strings.SplitN(raw, ".", 6)
	if len(segments) == 5 {
		return nil, errors.New("the token is encrypted (5 parts), but only signed ones are accepted")
	}
	if len(segments) != 3 {
		return nil, errors.New("the token does not have the three parts of a signed one, HEADER.PAYLOAD.SIGNATURE")
	}
	return segments, nil
}

// decode decodes base64url without padding. It accepts one encoding of every text only:
// without line breaks, which the standard library ignores, and without stray bits.
func decode(part, segment string) ([]byte, error) {
	if segment == "" {
		return nil, fmt.Errorf("the token's %s is empty", part)
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil || strings.ContainsAny(segment, "\r\n") {
		return nil, fmt.Errorf("the token's %s is not base64url without padding", part)
	}
	return text, nil
}

// object decodes a part that is one JSON object. encoding/json/v2 rejects repeated names at
// any depth, invalid UTF-8, and an escape that is half a surrogate pair: all of these would
// become U+FFFD (RFC 8259, section 8.2), so that two claims became one.
func object(part, segment string) (map[string]any, []byte, error) {
	text, err := decode(part, segment)
	if err != nil {
		return nil, nil, err
	}
	var members map[string]any
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, nil, fmt.Errorf("the token's %s is not one JSON object in UTF-8 without repeated names", part)
	}
	return members, text, nil
}

// readHeader reads alg and kid, which select the key. It ignores a key or an address of
// keys in the token itself (jwk, jku, x5c, x5u).
func (t *unverifiedToken) readHeader(header map[string]any) error {
	algorithm, _ := header["alg"].(string)
	t.algorithm = jose.SignatureAlgorithm(algorithm)
	if !slices.Contains(algorithms, t.algorithm) {
		return fmt.Errorf("the token's alg %s is not one of %v", quote(algorithm), algorithms)
	}
	for _, name := range []string{"crit", "b64"} {
		if _, found := header[name]; found {
			return fmt.Errorf("the token's header has %s, and no extensions are supported", name)
		}
	}
	if typ, found := header["typ"]; found {
		name, _ := typ.(string)
		if !slices.Contains(types, strings.ToLower(name)) {
			return fmt.Errorf("the token's typ %s is not that of a credential, JWT or at+jwt", quote(name))
		}
	}
	kid, found := header["kid"]
	if t.keyID, t.namesKey = kid.(string); found && !t.namesKey {
		return errors.New("the token's kid is not a string")
	}
	return nil
}

// UnverifiedIssuer returns the iss that a token contains, to select the Verifier for it. The
// token must not be used for anything else: it is parsed leniently, or not at all if one of
// the verifiers has it in its cache. Verify and Accept check the iss again.
func UnverifiedIssuer(raw string, verifiers ...*Verifier) (string, error) {
	sum, err := digestOf(raw)
	if err != nil {
		return "", err
	}
	for _, v := range verifiers {
		if url := v.Keys.issuerOf(sum); url != "" {
			return url, nil
		}
	}
	segments, err := split(raw)
	if err != nil {
		return "", err
	}
	payload, err := decode("payload", segments[1])
	if err != nil {
		return "", err
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if lenient.Unmarshal(payload, &claims) != nil || claims.Issuer == "" {
		return "", errors.New("the token's payload is not a JSON object that names its issuer (iss)")
	}
	return claims.Issuer, nil
}

// Excerpt returns as much as a message repeats of a text from a client: its first 128
// bytes.
func Excerpt(text string) string { return text[:min(len(text), 128)] }

// quote returns an excerpt in quotes, with an ellipsis if it is not all of the text.
func quote(text string) string {
	quoted := strconv.Quote(Excerpt(text))
	if len(Excerpt(text)) < len(text) {
		quoted += "…"
	}
	return quoted
}
