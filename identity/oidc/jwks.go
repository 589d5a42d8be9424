package oidc

import (
	"crypto/rsa"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"extauthz/strictjson"
)

// key is a key that verifies signatures.
type key struct {
	id         string // kid, may be ""
	public     any
	algorithms []jose.SignatureAlgorithm // that it may be used with
}

// maxMembers bounds the keys of a set, and the members of the object around them. Issuers
// publish two to five keys.
const maxMembers = 100

// parseJWKS parses a JSON Web Key Set (RFC 7517, section 5). It ignores keys for another
// purpose and of other kinds, and returns an error in refused for each key that must not
// be in a set. A text without a usable key is an error.
func parseJWKS(source string, text []byte) (usable []key, refused []error, err error) {
	r, err := strictjson.NewFileReader(source, text)
	if err != nil {
		return nil, nil, err
	}
	members := 0
	err = r.Object("a key set", func(name string, at int) error {
		if members++; members > maxMembers {
			return r.ErrorAt(at, fmt.Sprintf("the key set has more than %d members", maxMembers), "remove some")
		}
		if name != "keys" {
			_, err := r.Raw()
			return err
		}
		usable, refused, err = readKeys(r)
		return err
	})
	if err == nil && len(usable) == 0 && len(refused) == 0 {
		err = r.ErrorAt(0, "no key to verify signatures with", `write a key set, {"keys": [...]}, with RSA, EC or Ed25519 keys`)
	}
	if err == nil && len(usable) == 0 {
		err = refused[0]
	}
	return usable, refused, err
}

// readKeys reads the list of keys.
func readKeys(r *strictjson.Reader) (usable []key, refused []error, err error) {
	err = r.Array("keys", func(n int) error {
		at := r.Start()
		if n > maxMembers {
			return r.ErrorAt(at, fmt.Sprintf("the key set has more than %d keys", maxMembers), "remove some")
		}
		text, err := r.Raw()
		if err != nil {
			return err
		}
		switch k, problem, remedy := readKey(jsontext.Value(text)); {
		case problem != "":
			refused = append(refused, r.ErrorAt(at, fmt.Sprintf("key %d: %s", n, problem), remedy))
		case k != nil:
			usable = append(usable, *k)
		}
		return nil
	})
	return usable, refused, err
}

// jsonWebKey contains the members of a key that are used. Those about a certificate (x5c,
// x5t, x5u) are not: they add nothing to the key.
type jsonWebKey struct {
	publicJWK
	Use    string         `json:"use"`
	KeyOps []string       `json:"key_ops"`
	Alg    string         `json:"alg"`
	K      jsontext.Value `json:"k"` // of a shared secret (RFC 7518, section 6.4)
	D      jsontext.Value `json:"d"` // of private keys (RFC 7518, section 6.3.2)
	P      jsontext.Value `json:"p"`
	Q      jsontext.Value `json:"q"`
}

// publicJWK contains the members of a public key.
type publicJWK struct {
	Kty string `json:"kty"`
	Kid string `json:"kid,omitempty"`
	Crv string `json:"crv,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// readKey returns the key, nil for one that is for another purpose or of a kind that is
// not used, or what is wrong with one that must not be in a set.
func readKey(text jsontext.Value) (k *key, problem, remedy string) {
	var d jsonWebKey
	if json.Unmarshal(text, &d) != nil {
		return nil, "not a JSON Web Key", "write an object whose kty, kid, use, alg and key parameters are strings"
	}
	if d.Kty == "oct" || d.K != nil {
		return nil, `a shared secret (kty "oct") cannot verify signatures, because its owners can sign`, "remove it"
	}
	if d.D != nil || d.P != nil || d.Q != nil {
		return nil, "this is a private key, which only the issuer may have", "replace the key pair and publish the public key"
	}
	fitting := d.algorithms()
	otherPurpose := d.Use != "" && d.Use != "sig" || d.KeyOps != nil && !slices.Contains(d.KeyOps, "verify")
	if otherPurpose || fitting == nil {
		return nil, "", ""
	}
	if d.Alg != "" {
		if !slices.Contains(algorithms, jose.SignatureAlgorithm(d.Alg)) {
			return nil, "", ""
		}
		if !slices.Contains(fitting, jose.SignatureAlgorithm(d.Alg)) {
			return nil, fmt.Sprintf("alg %s does not match a key of kty %q and crv %q", quote(d.Alg), d.Kty, d.Crv), "copy the set from the issuer again"
		}
		fitting = []jose.SignatureAlgorithm{jose.SignatureAlgorithm(d.Alg)}
	}
	return d.publicKey(fitting)
}

// algorithms returns those that a key of this type and curve can verify, nil for a kind
// that is not used.
func (d *jsonWebKey) algorithms() []jose.SignatureAlgorithm {
	switch d.Kty + " " + d.Crv {
	case "RSA ":
		return algorithms[:6]
	case "EC P-256":
		return []jose.SignatureAlgorithm{jose.ES256}
	case "EC P-384":
		return []jose.SignatureAlgorithm{jose.ES384}
	case "EC P-521":
		return []jose.SignatureAlgorithm{jose.ES512}
	case "OKP Ed25519":
		return []jose.SignatureAlgorithm{jose.EdDSA}
	}
	return nil
}

// publicKey returns the key. RSA keys have at least 2048 bits (RFC 7518, section 3.3) and
// at most 8192, and an odd exponent.
func (n publicJWK) publicKey(fitting []jose.SignatureAlgorithm) (_ *key, problem, remedy string) {
	var k jose.JSONWebKey
	text, err := json.Marshal(n)
	if err != nil || k.UnmarshalJSON(text) != nil || !k.Valid() || !k.IsPublic() {
		return nil, "the key parameters do not form a valid public key", "copy the set from the issuer again"
	}
	if public, ok := k.Key.(*rsa.PublicKey); ok {
		if bits := public.N.BitLen(); bits < 2048 {
			return nil, fmt.Sprintf("an RSA key of %d bits is too short", bits), "have the issuer generate a key of at least 2048 bits"
		}
		if public.E < 3 || public.E%2 == 0 {
			return nil, fmt.Sprintf("an RSA key with the exponent %d is not accepted", public.E), "have the issuer generate a key with the exponent 65537"
		}
	}
	return &key{k.KeyID, k.Key, fitting}, "", ""
}
