package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuerURL = "https://issuer.example.com/realm"
	audience  = "registry.example.com"
)

// noon is the time at which tokens are verified.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// theKeys are key pairs, which are generated once for all tests.
var theKeys = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{}
	for name, bits := range map[string]int{"rsa": 2048, "other": 2048, "short": 1024} {
		all[name] = must(rsa.GenerateKey(rand.Reader, bits))
	}
	for name, curve := range map[string]elliptic.Curve{"p224": elliptic.P224(), "p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		all[name] = must(ecdsa.GenerateKey(curve, rand.Reader))
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	all["ed"] = must(private, err)
	return all
})

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// jwk returns the public key of that name as a JSON Web Key with the kid and more
// members, as "name":value,...
func jwk(name, kid, more string) string {
	return jwkOf(theKeys()[name].Public(), kid, more)
}

func jwkOf(material any, kid, more string) string {
	text := string(must((&jose.JSONWebKey{Key: material, KeyID: kid}).MarshalJSON()))
	if more == "" {
		return text
	}
	return strings.TrimSuffix(text, "}") + "," + more + "}"
}

// jwks returns a key set.
func jwks(keys ...string) string {
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// keySet returns a key set from a file.
func keySet(t testing.TB, keys ...string) *KeySet {
	t.Helper()
	set, err := ParseKeySet("jwks/test.json", []byte(jwks(keys...)))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// hashes are the hash functions of the algorithms.
var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// sign signs with the standard library only, with any key and algorithm.
func sign(key any, algorithm, input string) []byte {
	if secret, ok := key.([]byte); ok {
		mac := hmac.New(hashes[algorithm[2:]].New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	if private, ok := key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(private, []byte(input))
	}
	hash := hashes[algorithm[2:]]
	h := hash.New()
	h.Write([]byte(input))
	switch private := key.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(algorithm, "PS") {
			return must(private.Sign(rand.Reader, h.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}))
		}
		return must(private.Sign(rand.Reader, h.Sum(nil), hash))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, h.Sum(nil))
		size := (private.Curve.Params().BitSize + 7) / 8
		return append(must(r, err).FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	panic(fmt.Sprintf("no key: %T", key))
}

// verified verifies a signature of sign, with the standard library only.
func verified(key any, algorithm, input string, signature []byte) bool {
	if public, ok := key.(ed25519.PublicKey); ok {
		return algorithm == "EdDSA" && ed25519.Verify(public, []byte(input), signature)
	}
	if len(algorithm) != 5 || hashes[algorithm[2:]] == 0 {
		return false
	}
	hash := hashes[algorithm[2:]]
	h := hash.New()
	h.Write([]byte(input))
	switch public := key.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(algorithm, "PS") {
			return rsa.VerifyPSS(public, hash, h.Sum(nil), signature, nil) == nil
		}
		return strings.HasPrefix(algorithm, "RS") && rsa.VerifyPKCS1v15(public, hash, h.Sum(nil), signature) == nil
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return strings.HasPrefix(algorithm, "ES") && len(signature)%2 == 0 && ecdsa.Verify(public, h.Sum(nil), r, s)
	}
	return false
}

// encode returns base64url without padding.
func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// craft returns a token of an unchanged header and payload. algorithm is that of the
// signature; the header may contain another.
func craft(key any, algorithm, header, payload string) string {
	input := encode(header) + "." + encode(payload)
	return input + "." + encode(string(sign(key, algorithm, input)))
}

// header returns an ordinary header.
func header(algorithm, kid string) string {
	return string(must(json.Marshal(map[string]string{"alg": algorithm, "typ": "JWT", "kid": kid})))
}

// claims returns ordinary claims with changes; nil removes a claim.
func claims(changes map[string]any) string {
	all := map[string]any{
		"iss": issuerURL, "aud": audience, "sub": "repo:acme/app",
		"iat": noon.Unix() - 10, "nbf": noon.Unix() - 10, "exp": noon.Unix() + 600,
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return string(must(json.Marshal(all)))
}

// signed returns an ordinary token, signed RS256 with the key "rsa", kid r1.
func signed(changes map[string]any) string {
	return craft(theKeys()["rsa"], "RS256", header("RS256", "r1"), claims(changes))
}

// verify verifies a token with these keys.
func verify(t testing.TB, keys *KeySet, raw string) (*Token, error) {
	t.Helper()
	issuer := &Verifier{URL: issuerURL, Keys: keys}
	return issuer.Verify(t.Context(), raw, []string{audience}, noon)
}

// wantError checks an error: nil for "", otherwise one that contains the text, and neither
// the token nor a part of it.
func wantError(t testing.TB, err error, say, raw string) {
	t.Helper()
	if say == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("taken, want an error that says %q", say)
	}
	if !strings.Contains(err.Error(), say) {
		t.Errorf("error %q, want one that says %q", err, say)
	}
	for _, segment := range strings.Split(raw, ".") {
		if len(segment) >= 16 && strings.Contains(err.Error(), segment[:16]) {
			t.Errorf("the error %q holds a part of the token", err)
		}
	}
	if len(err.Error()) > 1000 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}
