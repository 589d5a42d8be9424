package oidc

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
)

// TestTokenForm checks malformed tokens, signed with the issuer's key if possible.
func TestTokenForm(t *testing.T) {
	good := signed(nil)
	parts := strings.Split(good, ".")
	rsaKey := theKeys()["rsa"]
	withHeader := func(h string) string { return craft(rsaKey, "RS256", h, claims(nil)) }
	withPayload := func(p string) string { return craft(rsaKey, "RS256", header("RS256", "r1"), p) }
	more := func(member string) string {
		return withHeader(`{"alg":"RS256","kid":"r1",` + member + `}`)
	}
	alsoClaims := func(member string) string {
		return withPayload(strings.TrimSuffix(claims(nil), "}") + "," + member + "}")
	}
	cases := []struct{ name, raw, say string }{
		{"good", good, ""},
		{"empty", "", "three parts"},
		{"one part", parts[0], "three parts"},
		{"two parts", parts[0] + "." + parts[1], "three parts"},
		{"four parts", good + ".", "three parts"},
		{"five parts, a JWE", good + ".e30.e30", "encrypted"},
		{"six parts", good + ".a.b.c", "three parts"},
		{"a million dots", strings.Repeat(".", 1000000), "bytes, more than"},
		{"8 KiB", signed(map[string]any{"pad": strings.Repeat("x", 5000)}), ""},
		{"more than 8 KiB", signed(map[string]any{"pad": strings.Repeat("x", 8000)}), "bytes, more than"},
		{"JSON serialization", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "three parts"},
		{"Bearer before it", "Bearer " + good, "header is not base64url"},
		{"space before it", " " + good, "header is not base64url"},
		{"line feed after it", good + "\n", "signature is not base64url"},
		{"carriage return in the payload", parts[0] + "." + parts[1][:8] + "\r\n" + parts[1][8:] + "." + parts[2], "payload is not base64url"},
		{"no header", "." + parts[1] + "." + parts[2], "header is empty"},
		{"no payload", parts[0] + ".." + parts[2], "payload is empty"},
		{"no signature", parts[0] + "." + parts[1] + ".", "signature is empty"},
		{"padded header", parts[0] + "==." + parts[1] + "." + parts[2], "header is not base64url"},
		{"padded signature", good + "==", "signature is not base64url"},
		{"standard alphabet", parts[0] + "." + parts[1] + "." + base64.StdEncoding.EncodeToString([]byte("\xff\xfe\xff\xfe\xff")), "signature is not base64url"},
		{"stray bits in the signature", good[:len(good)-1] + strayBits(good[len(good)-1]), "signature is not base64url"},
		{"signature of another token", parts[0] + "." + parts[1] + "." + strings.Split(signed(map[string]any{"sub": "x"}), ".")[2], "signature (RS256) is not valid"},
		{"payload of another token", parts[0] + "." + encode(claims(map[string]any{"sub": "admin"})) + "." + parts[2], "signature (RS256) is not valid"},
		{"header changed", encode(header("RS256", "r1")+" ") + "." + parts[1] + "." + parts[2], "signature (RS256) is not valid"},
		{"half a signature", good[:len(good)-170], "signature (RS256) is not valid"},

		{"half a surrogate pair", alsoClaims(`"x":"\ud800"`), "in UTF-8 without"},
		{"the other half", alsoClaims(`"x":"\uDFFF"`), "in UTF-8 without"},
		{"the halves in the wrong order", alsoClaims(`"x":"\udc00\ud800"`), "in UTF-8 without"},
		{"two first halves", alsoClaims(`"x":"\ud800\ud800\udc00"`), "in UTF-8 without"},
		{"half a pair and a backslash", alsoClaims(`"x":"\ud800\\udc00"`), "in UTF-8 without"},
		{"half a pair in a name", alsoClaims(`"\uD83D":"x"`), "in UTF-8 without"},
		{"half a pair in the header", more(`"x":"\udead"`), "in UTF-8 without"},
		{"a surrogate pair", alsoClaims(`"x":"\uD83D\ude00"`), ""},
		{"a backslash before text that is not an escape", alsoClaims(`"x":"\\ud800"`), ""},
		{"a character next to the surrogates", alsoClaims(`"x":"\ud7ff\ue000"`), ""},

		{"header an array", withHeader(`["RS256"]`), "header is not one JSON object"},
		{"header null", withHeader(`null`), "header is not one JSON object"},
		{"header not JSON", withHeader(`alg=RS256`), "header is not one JSON object"},
		{"header in UTF-16", withHeader("\xff\xfe{\x00}\x00"), "header is not one JSON object in UTF-8"},
		{"two headers", withHeader(header("RS256", "r1") + header("RS256", "r1")), "header is not one JSON object"},
		{"alg twice", more(`"alg":"none"`), "header is not one JSON object"},
		{"alg twice, once escaped", more(`"\u0061lg":"none"`), "header is not one JSON object"},
		{"kid twice", more(`"kid":"r2"`), "header is not one JSON object"},
		{"kid a number", withHeader(`{"alg":"RS256","kid":1}`), "kid is not a string"},
		{"kid null", withHeader(`{"alg":"RS256","kid":null}`), "kid is not a string"},
		{"kid empty", withHeader(`{"alg":"RS256","kid":""}`), "not in the issuer's key set"},
		{"crit", more(`"crit":["exp"],"exp":1`), "header has crit"},
		{"crit null", more(`"crit":null`), "header has crit"},
		{"b64 true", more(`"b64":true`), "header has b64"},
		{"b64 false", more(`"b64":false,"crit":["b64"]`), "header has crit"},
		{"b64 false without crit", more(`"b64":false`), "header has b64"},
		{"typ of a logout token", more(`"typ":"logout+jwt"`), "typ"},
		{"typ of a DPoP proof", more(`"typ":"dpop+jwt"`), "typ"},
		{"typ a number", more(`"typ":1`), "typ"},
		{"typ of an access token", more(`"typ":"at+jwt"`), ""},
		{"typ in lower case", more(`"typ":"jwt"`), ""},
		{"no typ, no kid", withHeader(`{"alg":"RS256"}`), ""},

		{"payload an array", withPayload(`[]`), "payload is not one JSON object"},
		{"payload null", withPayload(`null`), "payload is not one JSON object"},
		{"payload a string", withPayload(`"x"`), "payload is not one JSON object"},
		{"trailing data", withPayload(claims(nil) + claims(map[string]any{"sub": "admin"})), "payload is not one JSON object"},
		{"trailing comma", withPayload(strings.TrimSuffix(claims(nil), "}") + ",}"), "payload is not one JSON object"},
		{"claim twice", alsoClaims(`"sub":"admin"`), "payload is not one JSON object"},
		{"claim twice, once escaped", alsoClaims(`"s\u0075b":"admin"`), "payload is not one JSON object"},
		{"iss twice", alsoClaims(`"iss":"` + issuerURL + `"`), "payload is not one JSON object"},
		{"a name twice further down", alsoClaims(`"x":[{"y":{"z":1,"z":2}}]`), "payload is not one JSON object"},
		{"another case is another claim", alsoClaims(`"SUB":"admin","Exp":1`), ""},
		{"not UTF-8", alsoClaims("\"x\":\"\xff\""), "payload is not one JSON object in UTF-8"},
		{"overlong UTF-8", alsoClaims("\"x\":\"\xc0\xae\""), "payload is not one JSON object in UTF-8"},
		{"a byte order mark", withPayload("\ufeff" + claims(nil)), "payload is not one JSON object"},
		{"a number beyond all", alsoClaims(`"x":1e999`), "payload is not one JSON object"},
		{"deep", alsoClaims(`"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000)), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, keySet(t, jwk("rsa", "r1", "")), c.raw)
			wantError(t, err, c.say, c.raw)
		})
	}
}

// strayBits returns a base64 digit that differs from last in bits that belong to no
// byte: 256 bytes leave four of them.
func strayBits(last byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(digits[strings.IndexByte(digits, last)|1])
}

// TestAlgorithms checks every accepted algorithm.
func TestAlgorithms(t *testing.T) {
	cases := map[string][]string{
		"rsa":  {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
		"p256": {"ES256"}, "p384": {"ES384"}, "p521": {"ES512"}, "ed": {"EdDSA"},
	}
	tried := 0
	for name, algorithms := range cases {
		for _, algorithm := range algorithms {
			tried++
			raw := craft(theKeys()[name], algorithm, header(algorithm, "k"), claims(nil))
			token, err := verify(t, keySet(t, jwk("other", "o", ""), jwk(name, "k", "")), raw)
			if err != nil {
				t.Errorf("%s: %v", algorithm, err)
			} else if token.KeyID != "k" {
				t.Errorf("%s: kid %q", algorithm, token.KeyID)
			}
			if _, err = verify(t, keySet(t, jwk("other", "k", "")), raw); err == nil {
				t.Errorf("%s is taken by another key", algorithm)
			}
		}
	}
	if tried != len(algorithms) {
		t.Errorf("%d algorithms tried, want %d", tried, len(algorithms))
	}
}

// TestNoAlgorithm checks "none" in every spelling, with and without a signature.
func TestNoAlgorithm(t *testing.T) {
	spellings := []string{"none", "None", "NONE", "nOnE", "none ", " none", "n\u043ene", "none\x00", "", "null", "HS0", "rs256", "RS256 ", "RS1", "ES256K", "dir"}
	for bits := range 16 {
		word := []byte("none")
		for i := range word {
			word[i] -= byte(bits>>i&1) * 32
		}
		spellings = append(spellings, string(word))
	}
	keys := keySet(t, jwk("rsa", "r1", ""))
	good := strings.Split(signed(nil), ".")
	for _, spelling := range spellings {
		for _, h := range []string{header(spelling, "r1"), string(must(json.Marshal(map[string]string{"alg": spelling})))} {
			for _, signature := range []string{"", good[2], "AA"} {
				raw := encode(h) + "." + good[1] + "." + signature
				_, err := verify(t, keys, raw)
				wantError(t, err, "alg", raw)
			}
		}
	}
	for _, h := range []string{`{"kid":"r1"}`, `{"alg":null}`, `{"alg":256}`, `{"alg":["RS256"]}`, `{"Alg":"RS256"}`, `{"ALG":"RS256"}`} {
		raw := craft(theKeys()["rsa"], "RS256", h, claims(nil))
		_, err := verify(t, keys, raw)
		wantError(t, err, "alg", raw)
	}
}

// TestKeyConfusion signs by HMAC with texts of the public key.
func TestKeyConfusion(t *testing.T) {
	public := theKeys()["rsa"].Public().(*rsa.PublicKey)
	pkix, pkcs1 := must(x509.MarshalPKIXPublicKey(public)), x509.MarshalPKCS1PublicKey(public)
	secrets := map[string][]byte{
		"PKIX DER":  pkix,
		"PKIX PEM":  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
		"PKCS1 DER": pkcs1,
		"PKCS1 PEM": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"JWK":       []byte(jwk("rsa", "r1", "")),
		"JWKS":      []byte(jwks(jwk("rsa", "r1", ""))),
		"modulus":   public.N.Bytes(),
		"zeros":     make([]byte, 32),
		"EC point":  must(theKeys()["p256"].Public().(*ecdsa.PublicKey).Bytes()),
	}
	keys := keySet(t, jwk("rsa", "r1", ""), jwk("p256", "e1", ""))
	for name, secret := range secrets {
		for _, size := range []string{"256", "384", "512"} {
			for _, kid := range []string{"r1", "e1"} {
				t.Run(name+" "+size+" "+kid, func(t *testing.T) {
					raw := craft(secret, "HS"+size, header("HS"+size, kid), claims(nil))
					_, err := verify(t, keys, raw)
					wantError(t, err, `alg "HS`, raw)
					raw = craft(secret, "HS"+size, header("RS"+size, kid), claims(nil))
					_, err = verify(t, keys, raw)
					wantError(t, err, "signature (RS", raw)
				})
			}
		}
	}
}

// TestKeysInTokens checks tokens that contain the key that signed them.
func TestKeysInTokens(t *testing.T) {
	own := jwk("other", "r1", "")
	certificate := base64.StdEncoding.EncodeToString(selfSigned(t, theKeys()["other"]))
	members := map[string]string{
		"jwk": `"jwk":` + own, "jku": `"jku":"https://attacker.example/jwks"`,
		"x5u": `"x5u":"https://attacker.example/cert"`, "x5c": `"x5c":["` + certificate + `"]`,
		"x5t": `"x5t":"AAAA"`, "a private jwk": `"jwk":` + jwkOf(theKeys()["ed"], "", ""),
	}
	keys := keySet(t, jwk("rsa", "r1", ""))
	for name, member := range members {
		for _, kid := range []string{`"kid":"r1",`, ``} {
			raw := craft(theKeys()["other"], "RS256", `{"alg":"RS256",`+kid+member+`}`, claims(nil))
			_, err := verify(t, keys, raw)
			if err == nil {
				t.Errorf("%s: taken by the key it brings", name)
			}
		}
	}
	raw := craft(theKeys()["rsa"], "RS256", `{"alg":"RS256","kid":"r1",`+members["jku"]+`,`+members["x5c"]+`}`, claims(nil))
	_, err := verify(t, keys, raw)
	wantError(t, err, "", raw)
}

func TestUnverifiedIssuer(t *testing.T) {
	good := signed(nil)
	cases := []struct{ name, raw, want string }{
		{"good", good, issuerURL},
		{"not signed", strings.Join(strings.Split(good, ".")[:2], ".") + ".", issuerURL},
		{"no iss", signed(map[string]any{"iss": nil}), ""},
		{"iss empty", signed(map[string]any{"iss": ""}), ""},
		{"iss a list", signed(map[string]any{"iss": []string{issuerURL}}), ""},
		{"payload an array", "e30." + encode(`["iss"]`) + ".AA", ""},
		{"too long", signed(map[string]any{"pad": strings.Repeat("x", 8000)}), ""},
		{"two parts", "e30.e30", ""},
		{"empty", "", ""},
	}
	for _, c := range cases {
		issuer, err := UnverifiedIssuer(c.raw)
		if issuer != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.name, issuer, err, c.want)
		}
		if err != nil {
			wantError(t, err, "the token", c.raw)
		}
	}
}

// TestUnverifiedIssuerOfCachedTokens checks that a cached token is not parsed again,
// and that its issuer is the one that it names, although several issuers may share a
// key set.
func TestUnverifiedIssuerOfCachedTokens(t *testing.T) {
	const otherURL = "https://other.example.com"
	shared, apart := keySet(t, jwk("rsa", "r1", "")), keySet(t, jwk("other", "r1", ""))
	first, second := &Verifier{URL: issuerURL, Keys: shared}, &Verifier{URL: otherURL, Keys: shared}
	all := []*Verifier{{URL: "https://envoys.example.com"}, {URL: otherURL, Keys: apart}, first, second}
	raw := craft(theKeys()["rsa"], "RS256", header("RS256", "r1"), claims(map[string]any{"iss": otherURL}))
	wanted := []string{audience}
	if _, err := second.Verify(t.Context(), raw, wanted, noon); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if url, err := UnverifiedIssuer(raw, all...); url != otherURL || err != nil {
			t.Errorf("%q, error %v", url, err)
		}
		for i, issuer := range all[:3] {
			if _, err := issuer.Verify(t.Context(), raw, wanted, noon); err == nil {
				t.Errorf("issuer %d takes a token that it did not sign or that is another's", i)
			}
		}
	}
	if allocated := testing.AllocsPerRun(10, func() { _, _ = UnverifiedIssuer(raw, all...) }); allocated > 0 {
		t.Errorf("%v allocations", allocated)
	}
	changed := changedSignature(raw)
	if url, err := UnverifiedIssuer(changed, all...); url != otherURL || err != nil {
		t.Errorf("another signature: %q, error %v", url, err)
	}
	if _, err := second.Verify(t.Context(), changed, wanted, noon); err == nil {
		t.Error("another signature is taken")
	}
}

// changedSignature returns a token whose signature has another last byte.
func changedSignature(raw string) string {
	parts := strings.Split(raw, ".")
	signature := must(base64.RawURLEncoding.DecodeString(parts[2]))
	signature[len(signature)-1] ^= 1
	return parts[0] + "." + parts[1] + "." + encode(string(signature))
}

// TestUnverifiedIssuerFetchesNothing checks that selecting an issuer starts no fetch.
func TestUnverifiedIssuerFetchesNothing(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	for range 2 {
		if url, err := UnverifiedIssuer(raw, w.issuer); url != issuerURL || err != nil {
			t.Errorf("%q, error %v", url, err)
		}
	}
	w.fetched(0)
	wantError(t, w.verify(raw), "", "")
	w.passes(mustRefetchAfter)
	if url, err := UnverifiedIssuer(raw, w.issuer); url != issuerURL || err != nil {
		t.Errorf("%q, error %v", url, err)
	}
	w.fetched(1)
}
