package oidc

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// fuzzKeys are the keys in the set of the fuzz test, by kid.
var fuzzKeys = map[string]string{"r1": "rsa", "e1": "p256", "e3": "p384", "e5": "p521", "d1": "ed"}

// twin is a slow and simple implementation of Verify with the standard library only. It
// reports whether raw may be accepted. It rejects only what the RFCs reject, so that
// Verify may refuse what twin accepts, but not the reverse.
func twin(raw string, now time.Time) bool {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return false
	}
	var decoded [3][]byte
	for i, part := range parts {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(text) != part {
			return false
		}
		decoded[i] = text
	}
	var header, claims map[string]any
	if json.Unmarshal(decoded[0], &header) != nil || json.Unmarshal(decoded[1], &claims) != nil || !utf8.Valid(decoded[1]) {
		return false
	}
	algorithm, _ := header["alg"].(string)
	kid, _ := header["kid"].(string)
	name, known := fuzzKeys[kid]
	if !known || header["crit"] != nil || !verified(theKeys()[name].Public(), algorithm, parts[0]+"."+parts[1], decoded[2]) {
		return false
	}
	exp, _ := claims["exp"].(float64)
	list, _ := claims["aud"].([]any)
	forUs := slices.Contains(append(list, claims["aud"]), any(audience))
	return forUs && claims["iss"] == issuerURL && exp > float64(now.Unix()-60)
}

// fuzzSigners returns signers with the keys of the issuer and of an attacker. The keys
// are new in each process, so that a corpus contains the index of a signer instead of a
// signature.
func fuzzSigners() (signers []func(input string) string) {
	by := func(key any, algorithm string) {
		signers = append(signers, func(input string) string { return encode(string(sign(key, algorithm, input))) })
	}
	signers = append(signers, func(string) string { return "" }, func(string) string { return encode(strings.Repeat("\x00", 64)) })
	by(theKeys()["rsa"], "RS256")
	by(theKeys()["rsa"], "PS512")
	by(theKeys()["p256"], "ES256")
	by(theKeys()["p384"], "ES384")
	by(theKeys()["p521"], "ES512")
	by(theKeys()["ed"], "EdDSA")
	by(theKeys()["other"], "RS256")
	by([]byte(jwk("rsa", "r1", "")), "HS256")
	return signers
}

// FuzzVerify checks that only signed tokens are accepted, twice in a row, and that
// nothing panics. The attacker chooses what is cut from a signed token and what is
// appended to it.
func FuzzVerify(f *testing.F) {
	var set []string
	for kid, name := range fuzzKeys {
		set = append(set, jwk(name, kid, ""))
	}
	issuer, signers := &Verifier{URL: issuerURL, Keys: keySet(f, set...)}, fuzzSigners()
	for _, h := range []string{header("RS256", "r1"), header("PS512", "r1"), header("ES256", "e1"), header("ES384", "e3"), header("ES512", "e5"), header("EdDSA", "d1"), header("HS256", "r1")} {
		for signer := range signers {
			f.Add(h, claims(nil), uint8(signer), uint16(0), "")
		}
	}
	for _, c := range claimCases {
		f.Add(header("RS256", "r1"), claims(c.changes), uint8(2), uint16(0), "")
	}
	f.Add(`{"alg":"none"}`, claims(nil), uint8(0), uint16(0), "")
	f.Add(`{"alg":"RS256","kid":"r1","kid":"e1"}`, `{"exp":1,"exp":2}`, uint8(2), uint16(9), "\n")
	f.Add("", "", uint8(0), uint16(100), "....")
	f.Fuzz(func(t *testing.T, header, payload string, signer uint8, cut uint16, tail string) {
		input := encode(header) + "." + encode(payload)
		raw := input + "." + signers[int(signer)%len(signers)](input)
		raw = raw[:len(raw)-min(int(cut), len(raw))] + tail
		allowed := twin(raw, noon)
		for range 2 {
			token, err := issuer.Verify(t.Context(), raw, []string{audience}, noon)
			if err == nil && !allowed || err != nil && token != nil {
				t.Fatalf("%q: %+v, %v; the twin says %t", raw, token, err, allowed)
			}
			if err != nil {
				wantError(t, err, "the", raw)
			}
		}
		if claimed, err := UnverifiedIssuer(raw); allowed && (claimed != issuerURL || err != nil) {
			t.Errorf("%q claims %q, %v", raw, claimed, err)
		}
	})
}

// TestTwin checks that twin and Verify accept valid tokens.
func TestTwin(t *testing.T) {
	if raw := signed(nil); !twin(raw, noon) || twin(raw+"A", noon) || twin(raw, noon.Add(time.Hour)) {
		t.Error("the reference implementation refuses a valid token")
	}
}

// FuzzKeySet checks that no key set causes a panic, and that no key of a set is secret
// or weak.
func FuzzKeySet(f *testing.F) {
	f.Add(jwks(jwk("rsa", "r1", ""), jwk("p256", "e1", `"use":"sig"`), jwk("ed", "d", "")))
	f.Add(jwks(`{"kty":"oct","k":"AAAA"}`, jwkOf(theKeys()["p521"], "p", ""), jwk("short", "s", "")))
	f.Add(jwks(rsaNumbers(modulus(), 1), `{"kty":"EC","crv":"P-256","x":"","y":""}`))
	f.Add(`{"keys":[{"kty":"RSA"},1,null,[],"x",{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		usable, refused, err := parseJWKS("set.json", []byte(text))
		if err == nil && len(usable) == 0 {
			t.Errorf("no key and no error: %v", refused)
		}
		for _, k := range usable {
			switch public := k.public.(type) {
			case ed25519.PublicKey, *ecdsa.PublicKey:
			case *rsa.PublicKey:
				if public.N.BitLen() < 2048 || public.E < 3 {
					t.Errorf("a weak key is used: %+v", public)
				}
			default:
				t.Errorf("%T is used", k.public)
			}
			if len(k.algorithms) == 0 {
				t.Errorf("a key for no algorithm: %+v", k)
			}
		}
	})
}
