package oidc

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// TestKeySetFile checks key sets that an operator may save.
func TestKeySetFile(t *testing.T) {
	good := jwk("rsa", "r1", "")
	private := func(name string) string { return jwkOf(theKeys()[name], "p", "") }
	cases := []struct{ name, text, say string }{
		{"one key", jwks(good), ""},
		{"with white space", "\n " + jwks(good) + "\n", ""},
		{"as issuers write it", jwks(jwk("rsa", "r1", `"use":"sig","alg":"RS256","x5t":"abc","n8n":{"a":[1]}`)), ""},
		{"with other members", `{"issuer":"x","keys":[` + good + `],"v":[1,{"keys":[]}]}`, ""},
		{"for signatures and for encryption", jwks(good, jwk("other", "o", `"use":"enc"`), jwk("other", "p", `"alg":"RSA-OAEP"`)), ""},
		{"key_ops", jwks(jwk("rsa", "r1", `"key_ops":["verify"]`)), ""},
		{"with kinds that are not used", jwks(good, `{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, `{"kty":"OKP","crv":"X25519","x":"AA"}`, `{"kty":"AKP","alg":"ML-DSA-44"}`), ""},
		{"certificates, not looked at", jwks(jwk("rsa", "r1", `"x5c":["AAAA"],"x5t":1,"x5u":"::"`)), ""},

		{"empty", "", "set.json:1:1: not JSON"},
		{"HTML", "<!DOCTYPE html>\n<html>", "set.json:1:1: not JSON"},
		{"PEM", "-----BEGIN PUBLIC KEY-----", "set.json:1:2: not JSON"},
		{"cut short", jwks(good)[:100], "not JSON"},
		{"not UTF-8", "{\"keys\":[\"\xff\"]}", "not UTF-8"},
		{"two texts", jwks(good) + jwks(good), "not JSON"},
		{"deep", strings.Repeat("[", 20000), "not JSON"},
		{"a list", "[" + good + "]", "a key set must be an object, not an array"},
		{"one key alone", good, "no key to verify"},
		{"no keys", `{"keys":[]}`, "no key to verify"},
		{"keys null", `{"keys":null}`, "keys must be an array"},
		{"keys an object", `{"keys":{"r1":` + good + `}}`, "keys must be an array"},
		{"keys twice", `{"keys":[` + good + `],"keys":[]}`, `"keys" occurs twice`},
		{"KEYS", `{"KEYS":[` + good + `]}`, "no key to verify"},
		{"encryption only", jwks(jwk("rsa", "r", `"use":"enc"`)), "no key to verify"},
		{"key_ops for others", jwks(jwk("rsa", "r", `"key_ops":["sign"]`)), "no key to verify"},
		{"a key that is a string", jwks(`"r1"`), "key 1: not a JSON Web Key"},
		{"kid a number", jwks(strings.Replace(good, `"r1"`, "1", 1)), "key 1: not a JSON Web Key"},
		{"kty twice", jwks(strings.Replace(good, `{`, `{"kty":"RSA",`, 1)), "key 1: not a JSON Web Key"},
		{"oct", jwks(good, `{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0","alg":"HS256"}`), "key 2: a shared secret"},
		{"oct in disguise", jwks(good, jwk("rsa", "r2", `"k":"c2VjcmV0"`)), "key 2: a shared secret"},
		{"oct for encryption", jwks(good, `{"kty":"oct","k":"c2Vj","use":"enc"}`), "key 2: a shared secret"},
		{"private RSA", jwks(good, private("rsa")), "key 2: this is a private key"},
		{"private EC", jwks(good, private("p256")), "key 2: this is a private key"},
		{"private Ed25519", jwks(good, private("ed")), "key 2: this is a private key"},
		{"private, for encryption", jwks(good, strings.TrimSuffix(private("rsa"), "}")+`,"use":"enc"}`), "key 2: this is a private key"},
		{"a factor", jwks(good, jwk("rsa", "r2", `"p":"AQAB"`)), "key 2: this is a private key"},
		{"RSA of 1024 bits", jwks(good, jwk("short", "s", "")), "key 2: an RSA key of 1024 bits"},
		{"RSA of 10000 bits", jwks(good, rsaNumbers(new(big.Int).SetBit(big.NewInt(1), 9999, 1), 65537)), "key 2: the key parameters"},
		{"exponent 1", jwks(good, rsaNumbers(modulus(), 1)), "key 2: the key parameters"},
		{"exponent 2", jwks(good, rsaNumbers(modulus(), 2)), "key 2: an RSA key with the exponent 2"},
		{"exponent 65536", jwks(good, rsaNumbers(modulus(), 65536)), "key 2: an RSA key with the exponent 65536"},
		{"no exponent", jwks(good, `{"kty":"RSA","n":"AQAB"}`), "key 2: the key parameters"},
		{"P-224", jwks(`{"kty":"EC","crv":"P-224","x":"AA","y":"AA"}`), "no key to verify"},
		{"EC off the curve", jwks(good, `{"kty":"EC","crv":"P-256","x":"`+strings.Repeat("A", 43)+`","y":"`+strings.Repeat("A", 43)+`"}`), "key 2: the key parameters"},
		{"EC of another curve", jwks(good, strings.Replace(jwk("p384", "e", ""), "P-384", "P-256", 1)), "key 2: the key parameters"},
		{"Ed25519 too short", jwks(good, `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`), "key 2: the key parameters"},
		{"alg of another kind", jwks(good, jwk("p256", "e", `"alg":"RS256"`)), `key 2: alg "RS256" does not match a key of kty "EC"`},
		{"alg of another curve", jwks(good, jwk("p256", "e", `"alg":"ES384"`)), `key 2: alg "ES384" does not match`},
		{"101 keys", jwks(strings.Split(strings.Repeat(good+"|", 101), "|")[:101]...), "more than 100 keys"},
		{"101 members", manyMembers(101), "more than 100 members"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseKeySet("set.json", []byte(c.text))
			wantError(t, err, c.say, "")
			if err != nil && !strings.HasPrefix(err.Error(), "set.json:") {
				t.Errorf("the error does not say where: %v", err)
			}
		})
	}
}

func modulus() *big.Int { return theKeys()["other"].Public().(*rsa.PublicKey).N }

// rsaNumbers returns an RSA key with the numbers.
func rsaNumbers(n *big.Int, e int) string {
	return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":%q}`, encode(string(n.Bytes())), encode(string(big.NewInt(int64(e)).Bytes())))
}

// manyMembers returns an object with n members.
func manyMembers(n int) string {
	all := map[string]int{}
	for i := range n {
		all[fmt.Sprint(i)] = i
	}
	return string(must(json.Marshal(all)))
}

// TestKeyErrorsHavePositions checks that the error of a key has its line and column.
func TestKeyErrorsHavePositions(t *testing.T) {
	_, err := ParseKeySet("jwks/x.json", []byte("{\n  \"keys\": [\n    {\"kty\": \"oct\", \"k\": \"aGVsbG8\"}\n  ]\n}"))
	wantError(t, err, "jwks/x.json:3:5: key 1: a shared secret", "")
	if err != nil && strings.Contains(err.Error(), "aGVsbG8") {
		t.Errorf("the error holds the secret: %v", err)
	}
}

// TestKeyChoice checks which key of a set verifies a token.
func TestKeyChoice(t *testing.T) {
	rsaKey, other := jwk("rsa", "r1", ""), jwk("other", "o1", "")
	token := func(name, algorithm, header string) string {
		return craft(theKeys()[name], algorithm, header, claims(nil))
	}
	strange := "\"}\x00\n../\u202e"
	cases := []struct {
		name     string
		keys     []string
		raw, say string
	}{
		{"by kid", []string{other, rsaKey}, token("rsa", "RS256", header("RS256", "r1")), ""},
		{"the kid of another key", []string{other, rsaKey}, token("rsa", "RS256", header("RS256", "o1")), "signature (RS256) is not valid for the issuer's key \"o1\""},
		{"unknown kid", []string{rsaKey}, token("rsa", "RS256", header("RS256", "r2")), `key "r2" is not in the issuer's key set`},
		{"kid in capitals", []string{rsaKey}, token("rsa", "RS256", header("RS256", "R1")), "not in the issuer's key set"},
		{"a path for a kid", []string{rsaKey}, token("rsa", "RS256", header("RS256", "../../dev/null")), "not in the issuer's key set"},
		{"strange bytes in the kid", []string{rsaKey}, token("rsa", "RS256", header("RS256", strange)), `"\"}\x00\n../\u202e" is not in`},
		{"strange bytes in both", []string{rsaKey, jwk("other", strange, "")}, token("other", "RS256", header("RS256", strange)), ""},
		{"a long kid", []string{rsaKey}, token("rsa", "RS256", header("RS256", strings.Repeat("k", 4000))), "…"},
		{"no kid, one key", []string{rsaKey}, token("rsa", "RS256", `{"alg":"RS256"}`), ""},
		{"no kid, one usable key", []string{rsaKey, jwk("other", "e", `"use":"enc"`)}, token("rsa", "RS256", `{"alg":"RS256"}`), ""},
		{"no kid, two keys", []string{rsaKey, other}, token("rsa", "RS256", `{"alg":"RS256"}`), "has no kid, and the issuer's set has 2 keys"},
		{"no kid, two kinds", []string{rsaKey, jwk("p256", "e", "")}, token("rsa", "RS256", `{"alg":"RS256"}`), "has no kid"},
		{"kid, and a key without", []string{jwk("rsa", "", "")}, token("rsa", "RS256", header("RS256", "r1")), "not in the issuer's key set"},
		{"empty kid, and a key without", []string{jwk("rsa", "", "")}, token("rsa", "RS256", header("RS256", "")), "not in the issuer's key set"},
		{"no kid, and a key without", []string{jwk("rsa", "", "")}, token("rsa", "RS256", `{"alg":"RS256"}`), ""},
		{"one kid, two keys", []string{jwk("other", "k", ""), jwk("rsa", "k", "")}, token("rsa", "RS256", header("RS256", "k")), ""},
		{"one kid, two kinds", []string{jwk("p256", "k", ""), jwk("rsa", "k", "")}, token("rsa", "RS256", header("RS256", "k")), ""},
		{"the key of encryption", []string{rsaKey, jwk("other", "e", `"use":"enc"`)}, token("other", "RS256", header("RS256", "e")), "not in the issuer's key set"},
		{"the key's alg", []string{jwk("rsa", "r1", `"alg":"RS512"`)}, token("rsa", "RS512", header("RS512", "r1")), ""},
		{"not the key's alg", []string{jwk("rsa", "r1", `"alg":"RS512"`)}, token("rsa", "RS256", header("RS256", "r1")), "signature (RS256)"},
		{"PSS by a key for PKCS1", []string{jwk("rsa", "r1", `"alg":"RS256"`)}, token("rsa", "PS256", header("PS256", "r1")), "signature (PS256)"},
		{"PKCS1 called PSS", []string{rsaKey}, token("rsa", "RS256", header("PS256", "r1")), "signature (PS256)"},
		{"RS256 called RS512", []string{rsaKey}, token("rsa", "RS256", header("RS512", "r1")), "signature (RS512)"},
		{"RSA called EC", []string{rsaKey}, token("rsa", "RS256", header("ES256", "r1")), "signature (ES256)"},
		{"EC of the wrong curve", []string{jwk("p384", "e", "")}, token("p384", "ES256", header("ES256", "e")), "signature (ES256)"},
		{"EC of another curve, called so", []string{jwk("p256", "e", "")}, token("p256", "ES384", header("ES384", "e")), "signature (ES384)"},
		{"EC called EdDSA", []string{jwk("p256", "e", "")}, token("p256", "ES256", header("EdDSA", "e")), "signature (EdDSA)"},
		{"Ed25519 called RS256", []string{jwk("ed", "e", "")}, token("ed", "EdDSA", header("RS256", "e")), "signature (RS256)"},
		{"ECDSA of zeros", []string{jwk("p256", "e", "")}, encode(header("ES256", "e")) + "." + encode(claims(nil)) + "." + encode(strings.Repeat("\x00", 64)), "signature (ES256)"},
		{"RSA of zeros", []string{rsaKey}, encode(header("RS256", "r1")) + "." + encode(claims(nil)) + "." + encode(strings.Repeat("\x00", 256)), "signature (RS256)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, keySet(t, c.keys...), c.raw)
			wantError(t, err, c.say, c.raw)
		})
	}
}
