package oidc

import (
	"bytes"
	"encoding/base64"
	quick "encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// maxToken bounds a token, in bytes. Those of the known issuers have 1 to 3 KiB.
const maxToken = 8 << 10

// algorithms are those that a token may be signed with (RFC 7518 section 3,
// RFC 8037 section 3.1): never "none", and never an HMAC, whose key whoever
// verifies could sign with too.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512,
	jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512,
	jose.EdDSA,
}

// types are the typ headers of a token that may be shown as a credential, in
// lower case (RFC 8725 section 3.11): an issuer signs other things with the same
// keys, such as the logout tokens of OpenID Connect.
var types = []string{"jwt", "jose", "at+jwt", "application/at+jwt"}

// unverified is a token that is well formed. Nothing in it is to be believed
// before its signature is verified.
type unverified struct {
	raw       string
	algorithm jose.SignatureAlgorithm
	keyID     string
	namesKey  bool // whether there is a kid, which may be empty
	payload   []byte
	claims    Claims
}

// parse takes a JWS in compact serialization (RFC 7515 section 7.1), strictly:
// whatever two readers could take for two different tokens is refused.
func parse(raw string) (*unverified, error) {
	segments, err := split(raw)
	if err != nil {
		return nil, err
	}
	t := &unverified{raw: raw}
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
		return nil, fmt.Errorf("the token has %d bytes, more than the %d that are read", len(raw), maxToken)
	}
	segments := strings.SplitN(raw, ".", 6)
	if len(segments) == 5 {
		return nil, errors.New("the token is encrypted (5 parts); only signed ones are taken")
	}
	if len(segments) != 3 {
		return nil, errors.New("the token has not the three parts of a signed one, HEADER.PAYLOAD.SIGNATURE")
	}
	return segments, nil
}

// decode undoes base64url without padding. Every text has one encoding only: no
// line breaks, which the standard library passes over, and no stray bits.
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

// object decodes a part that is a JSON object in which no name occurs twice, at
// any depth. An escape that is half a character is refused, since all of them
// would become one, U+FFFD (RFC 8259, section 8.2).
func object(part, segment string) (map[string]any, []byte, error) {
	text, err := decode(part, segment)
	if err != nil {
		return nil, nil, err
	}
	if !utf8.Valid(text) || hasLoneSurrogate(text) {
		return nil, nil, fmt.Errorf("the token's %s is not UTF-8, or escapes what is no character", part)
	}
	var members map[string]any
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, nil, fmt.Errorf("the token's %s is not one JSON object without repeated names", part)
	}
	return members, text, nil
}

// surrogate is an escape \uD800 to \uDFFF, or a pair of them that is a character.
var surrogate = regexp.MustCompile(`(?i)\\\\|\\uD[89AB]..\\uD[C-F]..|\\uD[89A-F]..`)

// hasLoneSurrogate tells whether JSON escapes half of a surrogate pair.
func hasLoneSurrogate(text []byte) bool {
	if !bytes.Contains(text, []byte(`\u`)) {
		return false
	}
	const alone = len(`\uD800`)
	for _, escape := range surrogate.FindAll(text, -1) {
		if len(escape) == alone {
			return true
		}
	}
	return false
}

// readHeader takes from the header what is allowed to choose the key: alg and
// kid. A key or an address of keys that the token itself brings (jwk, jku, x5c,
// x5u) is not looked at.
func (t *unverified) readHeader(header map[string]any) error {
	algorithm, _ := header["alg"].(string)
	t.algorithm = jose.SignatureAlgorithm(algorithm)
	if !slices.Contains(algorithms, t.algorithm) {
		return fmt.Errorf("the token's alg %s is not one of %v", quote(algorithm), algorithms)
	}
	for _, name := range []string{"crit", "b64"} {
		if _, found := header[name]; found {
			return fmt.Errorf("the token's header has %s, and no extension is understood", name)
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

// UnverifiedIssuer returns the iss that a token claims, by which to choose the
// Verifier that verifies it. Nothing else may be taken from it, and it is read
// quickly rather than strictly, or not at all where one of the issuers remembers
// the token: Verify and Accept judge the iss once more.
func UnverifiedIssuer(raw string, issuers ...*Verifier) (string, error) {
	sum, err := digestOf(raw)
	if err != nil {
		return "", err
	}
	for _, i := range issuers {
		if url := i.Keys.issuerOf(sum); url != "" {
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
	if quick.Unmarshal(payload, &claims) != nil || claims.Issuer == "" {
		return "", errors.New("the token's payload is not a JSON object that names its issuer (iss)")
	}
	return claims.Issuer, nil
}

// quote renders what a client sent for an error: quoted and cut short.
func quote(text string) string {
	const most = 128
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…", text[:most])
}
