package oidc

import (
	"encoding/json"
	"strings"
	"testing"
)

// claimCases are claims of correctly signed tokens. Verify and Accept check them in the
// same way.
var claimCases = []struct {
	name    string
	changes map[string]any
	say     string
}{
	{"good", nil, ""},
	{"no exp", map[string]any{"exp": nil}, "does not expire (exp"},
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
	{"not yet valid", map[string]any{"nbf": noon.Unix() + 61}, "is not valid before 2026-03-01T12:01:01Z"},
	{"nbf a string", map[string]any{"nbf": "0"}, "nbf is not a number"},
	{"nbf null", map[string]any{"nbf": json.RawMessage("null")}, "nbf is not a number"},
	{"nbf huge", map[string]any{"nbf": json.RawMessage("1e300")}, "nbf is not a number"},
	{"iat in the leeway", map[string]any{"iat": noon.Unix() + 60}, ""},
	{"iat to come", map[string]any{"iat": noon.Unix() + 61}, "in the future"},
	{"iat far off", map[string]any{"iat": 253402300799}, "in the future"},
	{"iat a string", map[string]any{"iat": "0"}, "iat is not a number"},
	{"iat null", map[string]any{"iat": json.RawMessage("null")}, "iat is not a number"},

	{"another audience", map[string]any{"aud": "sts.amazonaws.com"}, `the token is for "sts.amazonaws.com", not for "` + audience + `"; request that audience`},
	{"a list of one", map[string]any{"aud": []string{audience}}, ""},
	{"a list", map[string]any{"aud": []string{"a", audience, "b"}}, ""},
	{"a list of others", map[string]any{"aud": []string{"a", "b"}}, `the token is for "a" and 1 more, not for "` + audience + `"; request that audience`},
	{"an empty list", map[string]any{"aud": []string{}}, "for no audience"},
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
			wantError(t, err, c.say, raw)
			if err == nil && (token.Issuer != issuerURL || token.Audience != audience || token.KeyID != "r1") {
				t.Errorf("%+v", token)
			}
		})
	}
}
