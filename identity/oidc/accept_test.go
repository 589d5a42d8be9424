package oidc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// TestAcceptClaims checks that Accept checks claims as Verify does.
func TestAcceptClaims(t *testing.T) {
	issuer := &Verifier{URL: issuerURL}
	for _, c := range claimCases {
		t.Run(c.name, func(t *testing.T) {
			raw := signed(c.changes)
			token, err := issuer.Accept(metadata(t, claims(c.changes)), raw, []string{audience}, noon)
			wantError(t, err, c.say, raw)
			if err == nil && (token.Issuer != issuerURL || token.Audience != audience || token.KeyID != "r1") {
				t.Errorf("%+v", token)
			}
		})
	}
}

// metadata returns a payload as Envoy sends it: generic JSON, with numbers as float64.
func metadata(t testing.TB, payload string) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(payload), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAccept checks metadata that is not of the token in Authorization.
func TestAccept(t *testing.T) {
	rich := map[string]any{"n": 1, "big": json.RawMessage("9007199254740993"), "list": []any{}, "map": map[string]any{"x": nil}, "null": json.RawMessage("null")}
	raw := signed(rich)
	forged := craft(theKeys()["other"], "RS256", header("RS256", "r1"), claims(map[string]any{"sub": "admin"}))
	cases := []struct {
		name     string
		metadata map[string]any
		raw, say string
	}{
		{"its own", metadata(t, claims(rich)), raw, ""},
		{"nothing", nil, raw, "not those of the token"},
		{"empty", map[string]any{}, raw, "not those of the token"},
		{"another's", metadata(t, claims(map[string]any{"sub": "admin"})), raw, "not those of the token"},
		{"one claim fewer", metadata(t, claims(map[string]any{"n": 1})), raw, "not those of the token"},
		{"a number for a string", metadata(t, claims(map[string]any{"sub": 1})), signed(map[string]any{"sub": "1"}), "not those of the token"},
		{"a forged token, and a valid one in the query", metadata(t, claims(nil)), forged, "not those of the token"},
		{"no token", metadata(t, claims(nil)), "", "three parts"},
		{"alg none", metadata(t, claims(nil)), encode(`{"alg":"none"}`) + "." + encode(claims(nil)) + ".AA", "alg"},
		{"no signature", metadata(t, claims(nil)), encode(header("RS256", "r1")) + "." + encode(claims(nil)) + ".", "signature is empty"},
	}
	issuer := &Verifier{URL: issuerURL}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := issuer.Accept(c.metadata, c.raw, []string{audience}, noon)
			wantError(t, err, c.say, c.raw)
		})
	}
}

// TestAcceptedTokensAreChecked checks an accepted token again with other claims, at
// another time and for another audience.
func TestAcceptedTokensAreChecked(t *testing.T) {
	issuer, raw, good := &Verifier{URL: issuerURL}, signed(nil), metadata(t, claims(nil))
	accept := func(metadata map[string]any, aud string, now time.Time) error {
		_, err := issuer.Accept(metadata, raw, []string{aud}, now)
		return err
	}
	other := metadata(t, claims(map[string]any{"sub": "admin"}))
	wantError(t, accept(other, audience, noon), "not those of the token", raw)
	for range 2 {
		wantError(t, accept(good, audience, noon), "", raw)
	}
	if issuer.accepted.tokens().Len() != 1 {
		t.Errorf("%d tokens remembered, want 1", issuer.accepted.tokens().Len())
	}
	wantError(t, accept(other, audience, noon), "not those of the token", raw)
	wantError(t, accept(nil, audience, noon), "not those of the token", raw)
	wantError(t, accept(good, "other", noon), "the token is for", raw)
	wantError(t, accept(good, audience, noon.Add(12*time.Minute)), "expired", raw)
	issuer.Keys = keySet(t, jwk("other", "r1", ""))
	_, err := verify(t, issuer.Keys, raw)
	wantError(t, err, "signature", raw)
}

// TestAcceptedTokensAreBounded accepts more tokens than the cache has room for.
func TestAcceptedTokensAreBounded(t *testing.T) {
	issuer := &Verifier{URL: issuerURL}
	for n := range maxAccepted {
		issuer.accepted.tokens().Add(must(digestOf(fmt.Sprint(n))), verifiedToken{})
	}
	raw := signed(nil)
	_, err := issuer.Accept(metadata(t, claims(nil)), raw, []string{audience}, noon)
	wantError(t, err, "", raw)
	if size := issuer.accepted.tokens().Len(); size != maxAccepted || size > 256 {
		t.Errorf("%d tokens remembered, want %d", size, maxAccepted)
	}
}

// TestEqualJSON compares equalJSON with reflect.DeepEqual.
func TestEqualJSON(t *testing.T) {
	var values []any
	texts := []string{
		`null`, `true`, `false`, `0`, `1`, `1.5`, `""`, `"a"`, `"1"`, `[]`, `[null]`, `["a"]`, `["a","b"]`, `["b","a"]`, `[[]]`, `[{}]`,
		`{}`, `{"a":null}`, `{"b":null}`, `{"a":1}`, `{"a":"1"}`, `{"a":1,"b":2}`, `{"b":2,"a":1}`, `{"a":{"b":[1,{"c":2}]}}`, `{"a":{"b":[1,{"c":3}]}}`,
	}
	for _, text := range texts {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	for i, a := range values {
		for j, b := range append(values, 1, int64(0), []string{"a"}, map[string]string{}, json.Number("1")) {
			if equalJSON(a, b) != reflect.DeepEqual(a, b) {
				t.Errorf("%s and number %d, %v: same %t", texts[i], j, b, equalJSON(a, b))
			}
		}
	}
}
