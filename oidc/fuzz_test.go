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

// fuzzKeys are in the set of the fuzz test, by kid.
var fuzzKeys = map[string]string{"r1": "rsa", "e1": "p256", "e3": "p384", "e5": "p521", "d1": "ed"}

// twin is Verify once more, slow and obvious, by the standard library alone. It
// tells whether raw may be taken; it knows no reason to refuse that is not in
// the RFCs, so Verify may refuse what twin takes, and never the other way round.
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

// FuzzVerify wants no text to be taken that is not a signed token, twice in a
// row, and no panic. The seeds hold signed tokens, so that the fuzzer has some
// to take apart and put together again.
func FuzzVerify(f *testing.F) {
	var set []string
	for kid, name := range fuzzKeys {
		set = append(set, jwk(name, kid, ""))
	}
	issuer := &Issuer{URL: issuerURL, Keys: keySet(f, set...)}
	for kid, algorithms := range map[string][]string{"r1": {"RS256", "PS512", "HS256"}, "e1": {"ES256"}, "e3": {"ES384"}, "e5": {"ES512"}, "d1": {"EdDSA"}} {
		for _, algorithm := range algorithms {
			var key any = theKeys()[fuzzKeys[kid]]
			if algorithm == "HS256" {
				key = []byte(jwk("rsa", kid, ""))
			}
			h, p := header(algorithm, kid), claims(nil)
			f.Add(h, p, sign(key, algorithm, encode(h)+"."+encode(p)), "")
			f.Add(h, p+" ", sign(key, algorithm, encode(h)+"."+encode(p)), "=")
		}
	}
	for _, c := range claimCases {
		h, p := header("RS256", "r1"), claims(c.changes)
		f.Add(h, p, sign(theKeys()["rsa"], "RS256", encode(h)+"."+encode(p)), "")
	}
	f.Add(`{"alg":"none"}`, claims(nil), []byte{}, "")
	f.Add(`{"alg":"RS256","kid":"r1","kid":"e1"}`, `{"exp":1,"exp":2}`, []byte{1}, "\n")
	f.Add("", "", []byte{}, "....")
	f.Fuzz(func(t *testing.T, header, payload string, signature []byte, tail string) {
		whole := encode(header) + "." + encode(payload) + "." + encode(string(signature)) + tail
		for _, raw := range []string{whole, tail} {
			allowed := twin(raw, noon)
			for range 2 {
				token, err := issuer.Verify(t.Context(), raw, []string{audience}, noon)
				if err == nil && !allowed {
					t.Fatalf("%q is taken: %+v", raw, token)
				}
				if err != nil && token != nil {
					t.Fatalf("%q: both %+v and %v", raw, token, err)
				}
				if err != nil {
					wants(t, err, "the", raw)
				}
			}
			if claimed, err := UnverifiedIssuer(raw); allowed && (claimed != issuerURL || err != nil) {
				t.Errorf("%q claims %q, %v", raw, claimed, err)
			}
		}
	})
}

// FuzzKeySet wants no text of a key set to panic, and no key of a set to be a
// secret or a weak one.
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
