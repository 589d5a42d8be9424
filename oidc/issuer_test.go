package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// claimCases are claims of tokens that are signed as they should be. Verify and
// Accept judge them alike.
var claimCases = []struct {
	name    string
	changes map[string]any
	say     string
}{
	{"good", nil, ""},
	{"no exp", map[string]any{"exp": nil}, "no end (exp)"},
	{"exp null", map[string]any{"exp": json.RawMessage("null")}, "exp is not a number"},
	{"exp a string", map[string]any{"exp": "1772366400"}, "exp is not a number"},
	{"exp a list", map[string]any{"exp": []int{2000000000}}, "exp is not a number"},
	{"exp true", map[string]any{"exp": true}, "exp is not a number"},
	{"exp with a fraction", map[string]any{"exp": float64(noon.Unix()) + 0.5}, ""},
	{"exp with a fraction, over", map[string]any{"exp": float64(noon.Unix()) - 60 + 0.5}, "expired"},
	{"exp huge", map[string]any{"exp": json.RawMessage("1e300")}, "exp is not a number of seconds"},
	{"exp in the year 10000", map[string]any{"exp": 253402300800}, "exp is not a number of seconds"},
	{"exp in the year 9999", map[string]any{"exp": 253402300799}, ""},
	{"exp of 2^63", map[string]any{"exp": json.RawMessage("9223372036854775808")}, "exp is not a number of seconds"},
	{"exp of 2^64 and a bit", map[string]any{"exp": json.RawMessage("18446744075709551616")}, "exp is not a number of seconds"},
	{"exp negative", map[string]any{"exp": -1}, "exp is not a number of seconds"},
	{"exp zero", map[string]any{"exp": 0}, "expired at 1970"},
	{"exp in milliseconds", map[string]any{"exp": noon.UnixMilli()}, "exp is not a number of seconds"},
	{"expired a minute ago", map[string]any{"exp": noon.Unix() - 60}, "expired at 2026-03-01T11:59:00Z"},
	{"expired within the leeway", map[string]any{"exp": noon.Unix() - 59}, ""},
	{"expired a year ago", map[string]any{"exp": noon.AddDate(-1, 0, 0).Unix()}, "expired"},

	{"no nbf, no iat", map[string]any{"nbf": nil, "iat": nil}, ""},
	{"nbf in the leeway", map[string]any{"nbf": noon.Unix() + 60}, ""},
	{"not yet valid", map[string]any{"nbf": noon.Unix() + 61}, "does not hold before 2026-03-01T12:01:01Z"},
	{"nbf a string", map[string]any{"nbf": "0"}, "nbf is not a number"},
	{"nbf null", map[string]any{"nbf": json.RawMessage("null")}, "nbf is not a number"},
	{"nbf huge", map[string]any{"nbf": json.RawMessage("1e300")}, "nbf is not a number"},
	{"iat in the leeway", map[string]any{"iat": noon.Unix() + 60}, ""},
	{"iat to come", map[string]any{"iat": noon.Unix() + 61}, "yet to come"},
	{"iat far off", map[string]any{"iat": 253402300799}, "yet to come"},
	{"iat a string", map[string]any{"iat": "0"}, "iat is not a number"},
	{"iat null", map[string]any{"iat": json.RawMessage("null")}, "iat is not a number"},

	{"another audience", map[string]any{"aud": "sts.amazonaws.com"}, `the token is for "sts.amazonaws.com"`},
	{"a list of one", map[string]any{"aud": []string{audience}}, ""},
	{"a list", map[string]any{"aud": []string{"a", audience, "b"}}, ""},
	{"a list of others", map[string]any{"aud": []string{"a", "b"}}, `the token is for "a" (2 in all)`},
	{"an empty list", map[string]any{"aud": []string{}}, "(0 in all)"},
	{"a list with a number", map[string]any{"aud": []any{audience, 1}}, "audience (aud) is absent, or not"},
	{"a list of lists", map[string]any{"aud": []any{[]string{audience}}}, "audience (aud) is absent, or not"},
	{"no audience", map[string]any{"aud": nil}, "audience (aud) is absent"},
	{"audience null", map[string]any{"aud": json.RawMessage("null")}, "audience (aud) is absent"},
	{"audience empty", map[string]any{"aud": ""}, `the token is for ""`},
	{"audience an object", map[string]any{"aud": map[string]bool{audience: true}}, "audience (aud) is absent, or not"},
	{"audience in capitals", map[string]any{"aud": strings.ToUpper(audience)}, "the token is for"},
	{"audience with more", map[string]any{"aud": audience + "/"}, "the token is for"},
	{"a list in a string", map[string]any{"aud": "a " + audience}, "the token is for"},
	{"a long audience", map[string]any{"aud": strings.Repeat("a", 2000)}, "…"},

	{"another issuer", map[string]any{"iss": "https://attacker.example"}, `issued by "https://attacker.example"`},
	{"issuer with a slash", map[string]any{"iss": issuerURL + "/"}, "issued by"},
	{"issuer in capitals", map[string]any{"iss": strings.ToUpper(issuerURL)}, "issued by"},
	{"issuer without a path", map[string]any{"iss": "https://issuer.example.com"}, "issued by"},
	{"no issuer", map[string]any{"iss": nil}, "does not name its issuer"},
	{"issuer empty", map[string]any{"iss": ""}, "does not name its issuer"},
	{"issuer a list", map[string]any{"iss": []string{issuerURL}}, "does not name its issuer"},
	{"a long issuer", map[string]any{"iss": "\n" + strings.Repeat("a", 2000)}, `issued by "\naaa`},
}

func TestClaims(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	for _, c := range claimCases {
		t.Run(c.name, func(t *testing.T) {
			raw := signed(c.changes)
			token, err := verify(t, keys, raw)
			wants(t, err, c.say, raw)
			if err == nil && (token.Issuer != issuerURL || token.Audience != audience || token.KeyID != "r1") {
				t.Errorf("%+v", token)
			}
		})
	}
}

// TestAcceptClaims has the same claims as Envoy would hand them on.
func TestAcceptClaims(t *testing.T) {
	issuer := &Issuer{URL: issuerURL}
	for _, c := range claimCases {
		t.Run(c.name, func(t *testing.T) {
			raw := signed(c.changes)
			token, err := issuer.Accept(metadata(t, claims(c.changes)), raw, []string{audience}, noon)
			wants(t, err, c.say, raw)
			if err == nil && (token.Issuer != issuerURL || token.Audience != audience || token.KeyID != "r1") {
				t.Errorf("%+v", token)
			}
		})
	}
}

// metadata is what Envoy makes of a payload: generic JSON, its numbers float64.
func metadata(t testing.TB, payload string) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(payload), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAccept has metadata that is not that of the token in Authorization.
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
		{"a forged token beside a good one in the query", metadata(t, claims(nil)), forged, "not those of the token"},
		{"no token", metadata(t, claims(nil)), "", "three parts"},
		{"alg none", metadata(t, claims(nil)), encode(`{"alg":"none"}`) + "." + encode(claims(nil)) + ".AA", "alg"},
		{"no signature", metadata(t, claims(nil)), encode(header("RS256", "r1")) + "." + encode(claims(nil)) + ".", "signature is empty"},
	}
	issuer := &Issuer{URL: issuerURL}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := issuer.Accept(c.metadata, c.raw, []string{audience}, noon)
			wants(t, err, c.say, c.raw)
		})
	}
}

// TestAcceptedIsJudgedAnew shows the same token again with other claims, at
// another time and for another audience.
func TestAcceptedIsJudgedAnew(t *testing.T) {
	issuer, raw, good := &Issuer{URL: issuerURL}, signed(nil), metadata(t, claims(nil))
	ask := func(metadata map[string]any, aud string, now time.Time) error {
		_, err := issuer.Accept(metadata, raw, []string{aud}, now)
		return err
	}
	other := metadata(t, claims(map[string]any{"sub": "admin"}))
	wants(t, ask(other, audience, noon), "not those of the token", raw)
	for range 2 {
		wants(t, ask(good, audience, noon), "", raw)
	}
	if issuer.accepted.tokens().Len() != 1 {
		t.Errorf("%d tokens remembered, want 1", issuer.accepted.tokens().Len())
	}
	wants(t, ask(other, audience, noon), "not those of the token", raw)
	wants(t, ask(nil, audience, noon), "not those of the token", raw)
	wants(t, ask(good, "other", noon), "the token is for", raw)
	wants(t, ask(good, audience, noon.Add(12*time.Minute)), "expired", raw)
	issuer.Keys = keySet(t, jwk("other", "r1", ""))
	_, err := verify(t, issuer.Keys, raw)
	wants(t, err, "signature", raw)
}

// TestSame compares values with each other as reflect does.
func TestSame(t *testing.T) {
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
			if same(a, b) != reflect.DeepEqual(a, b) {
				t.Errorf("%s and number %d, %v: same %t", texts[i], j, b, same(a, b))
			}
		}
	}
}

// TestZero has issuers, audiences and tokens of which nothing was said.
func TestZero(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	noIssuer, raw := signed(map[string]any{"iss": ""}), signed(nil)
	ctx, wanted := t.Context(), []string{audience}
	_, err := (&Issuer{}).Verify(ctx, noIssuer, wanted, noon)
	wants(t, err, "no keys", raw)
	_, err = (&Issuer{Keys: keys}).Verify(ctx, noIssuer, wanted, noon)
	wants(t, err, "no keys", raw)
	_, err = (&Issuer{URL: issuerURL}).Verify(ctx, raw, wanted, noon)
	wants(t, err, "no keys", raw)
	_, err = (&Issuer{}).Accept(metadata(t, claims(map[string]any{"iss": ""})), noIssuer, wanted, noon)
	wants(t, err, "no issuer", raw)
	issuer := &Issuer{URL: issuerURL, Keys: keys}
	for _, audiences := range [][]string{nil, {}, {""}} {
		for _, aud := range []any{audience, "", []string{""}, []string{}} {
			raw := signed(map[string]any{"aud": aud})
			_, err = issuer.Verify(ctx, raw, audiences, noon)
			wants(t, err, "the token is for", raw)
		}
	}
	_, err = issuer.Verify(ctx, raw, wanted, time.Time{})
	wants(t, err, "does not hold before", raw)
}

// TestToken wants what the token says.
func TestToken(t *testing.T) {
	token, err := verify(t, keySet(t, jwk("rsa", "r1", "")), signed(map[string]any{"aud": []string{"x", audience}}))
	if err != nil {
		t.Fatal(err)
	}
	want := &Token{
		Claims: metadata(t, claims(map[string]any{"aud": []string{"x", audience}})), Issuer: issuerURL, KeyID: "r1", Audience: audience,
		IssuedAt: noon.Add(-10 * time.Second), Expires: noon.Add(10 * time.Minute),
	}
	if !reflect.DeepEqual(token, want) {
		t.Errorf("%+v, want %+v", token, want)
	}
	if sub, ok := token.Claims.Text("sub"); sub != "repo:acme/app" || !ok {
		t.Errorf("sub %q, %t", sub, ok)
	}
	for _, name := range []string{"exp", "aud", "absent"} {
		if text, ok := token.Claims.Text(name); ok {
			t.Errorf("%s is the text %q", name, text)
		}
	}
}

// TestFirstWantedAudience wants the order of the audiences to be the caller's.
func TestFirstWantedAudience(t *testing.T) {
	issuer := &Issuer{URL: issuerURL, Keys: keySet(t, jwk("rsa", "r1", ""))}
	raw := signed(map[string]any{"aud": []string{"b", "a"}})
	for _, wanted := range [][]string{{"a", "b"}, {"b", "a"}, {"c", "a"}} {
		token, err := issuer.Verify(t.Context(), raw, wanted, noon)
		want := wanted[0]
		if want == "c" {
			want = "a"
		}
		if err != nil || token.Audience != want {
			t.Errorf("wanted %q: %+v, %v", wanted, token, err)
		}
	}
}

// TestRememberedIsJudgedAnew asks for the same token again at another time, for
// another audience, by another issuer and by other keys.
func TestRememberedIsJudgedAnew(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	issuer := &Issuer{URL: issuerURL, Keys: keys}
	raw := signed(nil)
	ask := func(i *Issuer, aud string, now time.Time) error {
		_, err := i.Verify(t.Context(), raw, []string{aud}, now)
		return err
	}
	wants(t, ask(issuer, audience, noon), "", raw)
	if _, known := keys.recall(must(digestOf(raw))); !known {
		t.Fatal("the token is not remembered")
	}
	wants(t, ask(issuer, audience, noon.Add(5*time.Minute)), "", raw)
	wants(t, ask(issuer, audience, noon.Add(12*time.Minute)), "expired", raw)
	wants(t, ask(issuer, audience, noon.Add(-2*time.Minute)), "does not hold before", raw)
	wants(t, ask(issuer, "other", noon), "the token is for", raw)
	wants(t, ask(&Issuer{URL: "https://other.example", Keys: keys}, audience, noon), "issued by", raw)
	wants(t, ask(&Issuer{URL: issuerURL, Keys: keySet(t, jwk("other", "r1", ""))}, audience, noon), "signature", raw)
}

// TestNotRemembered wants only what held to be remembered.
func TestNotRemembered(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	refused := []string{
		signed(map[string]any{"exp": 0}), signed(map[string]any{"aud": "x"}), signed(map[string]any{"iss": "x"}),
		craft(theKeys()["other"], "RS256", header("RS256", "r1"), claims(nil)), "x",
	}
	for _, raw := range refused {
		for range 2 {
			if _, err := verify(t, keys, raw); err == nil {
				t.Error("taken")
			}
		}
		if _, known := keys.recall(must(digestOf(raw))); known {
			t.Error("remembered")
		}
	}
}

// TestRememberedIsBounded verifies more tokens than are remembered.
func TestRememberedIsBounded(t *testing.T) {
	keys := keySet(t, jwk("ed", "e", ""))
	for n := range maxRemembered {
		keys.fixed.tokens.Add(must(digestOf(fmt.Sprint(n))), remembered{})
	}
	raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", "e"), claims(nil))
	_, err := verify(t, keys, raw)
	wants(t, err, "", raw)
	if size := keys.fixed.tokens.Len(); size != maxRemembered {
		t.Errorf("%d tokens remembered, want %d", size, maxRemembered)
	}
	if _, known := keys.recall(must(digestOf("0"))); known {
		t.Error("the oldest is still remembered")
	}
}

func TestConcurrentVerify(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""), jwk("p256", "e1", ""))
	tokens := map[string]bool{signed(nil): true, craft(theKeys()["p256"], "ES256", header("ES256", "e1"), claims(nil)): true,
		craft(theKeys()["other"], "RS256", header("RS256", "r1"), claims(nil)): false, signed(map[string]any{"exp": 1}): false}
	var all sync.WaitGroup
	for range 8 {
		for raw, good := range tokens {
			all.Go(func() {
				for range 20 {
					if _, err := verify(t, keys, raw); (err == nil) != good || errors.Is(err, ErrUnavailable) {
						t.Errorf("%v, want %t", err, good)
					}
				}
			})
		}
	}
	all.Wait()
}
