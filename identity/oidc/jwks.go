package oidc

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"extauthz/strictjson"
)

// key is a key that verifies signatures.
type key struct {
	id         string // kid, "" where it has none
	public     any
	algorithms []jose.SignatureAlgorithm // that it may be used with
}

// maxMembers bounds the keys of a set, and the members of the object around
// them. Issuers publish two to five keys.
const maxMembers = 100

// parseJWKS reads a JSON Web Key Set (RFC 7517 section 5). Keys for another
// purpose and of other kinds are passed over; refused are those that ought not
// to be there at all, each with the place and the remedy. A text without a key
// to use is an error.
func parseJWKS(source string, text []byte) (usable []key, refused []error, err error) {
	r, err := strictjson.NewFileReader(source, text)
	if err != nil {
		return nil, nil, err
	}
	members := 0
	err = r.Object("a key set", func(name string, at int) error {
		if members++; members > maxMembers {
			return r.ErrorAt(at, fmt.Sprintf("a key set of more than %d members is not read", maxMembers), "")
		}
		if name != "keys" {
			_, err := r.Raw()
			return err
		}
		usable, refused, err = readKeys(r)
		return err
	})
	if err == nil && len(usable) == 0 && len(refused) == 0 {
		err = r.ErrorAt(0, "no key to verify signatures with", "a key set is {\"keys\": [...]} with RSA, EC or Ed25519 keys")
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
			return r.ErrorAt(at, fmt.Sprintf("a key set of more than %d keys is not read", maxMembers), "")
		}
		text, err := r.Raw()
		if err != nil {
			return err
		}
		k, err := readKey(text)
		if err != nil {
			refused = append(refused, r.ErrorAt(at, fmt.Sprintf("key %d: %v", n, err), ""))
		} else if k != nil {
			usable = append(usable, *k)
		}
		return nil
	})
	return usable, refused, err
}

// described is what a key says of itself, as far as it is looked at: a
// certificate (x5c, x5t, x5u) says nothing here that the key does not.
type described struct {
	numbers
	Use    string          `json:"use"`
	KeyOps []string        `json:"key_ops"`
	Alg    string          `json:"alg"`
	K      json.RawMessage `json:"k"` // of a shared secret (RFC 7518 section 6.4)
	D      json.RawMessage `json:"d"` // of private keys (RFC 7518 section 6.3.2)
	P      json.RawMessage `json:"p"`
	Q      json.RawMessage `json:"q"`
}

// numbers are a public key.
type numbers struct {
	Kty string `json:"kty"`
	Kid string `json:"kid,omitempty"`
	Crv string `json:"crv,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// readKey returns the key, nil for one that is for another purpose or of a kind
// not used here, and an error for one that ought not to be in a set.
func readKey(text []byte) (*key, error) {
	var d described
	if json.Unmarshal(text, &d) != nil {
		return nil, errors.New("not a JSON Web Key: an object without repeated names, with strings for kty, kid, use, alg and the numbers")
	}
	if d.Kty == "oct" || d.K != nil {
		return nil, errors.New("a shared secret (kty \"oct\") is no key to verify with, since whoever has it can sign; remove it")
	}
	if d.D != nil || d.P != nil || d.Q != nil {
		return nil, errors.New("this is a private key, which only the issuer may have; replace the key pair and publish the public key")
	}
	fitting := d.algorithms()
	otherPurpose := d.Use != "" && d.Use != "sig" || d.KeyOps != nil && !slices.Contains(d.KeyOps, "verify")
	if otherPurpose || fitting == nil {
		return nil, nil
	}
	if d.Alg != "" {
		if !slices.Contains(algorithms, jose.SignatureAlgorithm(d.Alg)) {
			return nil, nil
		}
		if !slices.Contains(fitting, jose.SignatureAlgorithm(d.Alg)) {
			return nil, fmt.Errorf("alg %s does not go with a key of kty %q and crv %q", quote(d.Alg), d.Kty, d.Crv)
		}
		fitting = []jose.SignatureAlgorithm{jose.SignatureAlgorithm(d.Alg)}
	}
	return d.publicKey(fitting)
}

// algorithms are those that a key of this type and curve can verify, nil for a
// kind that is not used.
func (d *described) algorithms() []jose.SignatureAlgorithm {
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

// publicKey reads the numbers of a key. RSA keys have at least 2048 bits (RFC
// 7518 section 3.3) and at most 8192, and an odd exponent.
func (n numbers) publicKey(fitting []jose.SignatureAlgorithm) (*key, error) {
	var k jose.JSONWebKey
	text, err := json.Marshal(n)
	if err != nil || k.UnmarshalJSON(text) != nil || !k.Valid() || !k.IsPublic() {
		return nil, errors.New("the numbers of the key do not make a public key; copy the set from the issuer again")
	}
	if public, ok := k.Key.(*rsa.PublicKey); ok {
		if bits := public.N.BitLen(); bits < 2048 {
			return nil, fmt.Errorf("an RSA key of %d bits is too short; have the issuer make one of 2048 or more", bits)
		}
		if public.E < 3 || public.E%2 == 0 {
			return nil, fmt.Errorf("an RSA key with the exponent %d is not taken; have the issuer make one with 65537", public.E)
		}
	}
	return &key{k.KeyID, k.Key, fitting}, nil
}
