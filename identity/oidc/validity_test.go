package oidc

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestValidity compares Covers with Verify, which checks the token itself, at times around
// every limit of tokens with and without iat and nbf.
func TestValidity(t *testing.T) {
	keys, random := keySet(t, jwk("ed", "k", "")), rand.New(rand.NewPCG(1, 2))
	covered := 0
	for _, changes := range []map[string]any{
		{},
		{"nbf": nil},
		{"iat": nil},
		{"iat": nil, "nbf": nil},
		{"nbf": noon.Unix() + 50},
		{"iat": noon.Unix() + 60, "nbf": noon.Unix() - 300},
		{"iat": 0, "nbf": 0, "exp": noon.Unix() - 59},
		{"exp": float64(noon.Unix()) + 10.5, "nbf": float64(noon.Unix()) + 0.5},
		{"exp": 253402300799},
	} {
		t.Run(fmt.Sprint(changes), func(t *testing.T) {
			raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", "k"), claims(changes))
			token, err := verify(t, keys, raw)
			if err != nil {
				t.Fatal(err)
			}
			var times []time.Time
			for _, limit := range []time.Time{token.IssuedAt, token.NotBefore, token.Expires, noon} {
				for _, near := range []time.Duration{-leeway, 0, leeway} {
					for _, more := range []time.Duration{-time.Second, -1, 0, 1, time.Second / 2, time.Second} {
						times = append(times, limit.Add(near+more))
					}
				}
				times = append(times, limit.Add(time.Duration(random.Int64N(int64(2*time.Hour)))-time.Hour))
			}
			for _, now := range append(times, time.Time{}, time.Unix(0, 0)) {
				_, err := (&Verifier{URL: issuerURL, Keys: keys}).Verify(t.Context(), raw, []string{audience}, now)
				if got := token.Validity.Covers(now); got != (err == nil) {
					t.Errorf("at %v: %t, and Verify returns the error %v", now, got, err)
				} else if got {
					covered++
				}
			}
		})
	}
	if covered < 100 {
		t.Errorf("only %d times were covered", covered)
	}
}

// TestNoValidity checks that the zero Validity and that of a token which only Envoy
// verified cover no time.
func TestNoValidity(t *testing.T) {
	issuer := &Verifier{URL: issuerURL, Keys: keySet(t, jwk("rsa", "r1", ""))}
	token, err := issuer.Accept(metadata(t, claims(nil)), signed(nil), []string{audience}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]Validity{"zero": {}, "from Envoy": token.Validity} {
		for _, now := range []time.Time{noon, {}, time.Unix(0, 0)} {
			if v.Covers(now) {
				t.Errorf("%s: covers %v", name, now)
			}
		}
	}
}

// TestValidityEndsWithKeys checks that a token is not valid while its key is not in the
// set, nor while the keys must be fetched before they are used.
func TestValidityEndsWithKeys(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	token, err := w.issuer.Verify(t.Context(), by("rsa"), []string{audience}, noon)
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string, want bool) {
		t.Helper()
		if token.Validity.Covers(noon) != want {
			t.Errorf("%s: covers is %t", when, !want)
		}
	}
	check("with the keys that verified it", true)
	w.passes(staleAfter)
	check("while stale keys are fetched", true)
	w.settled()
	check("after the same keys were fetched", true)
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(mustRefetchAfter)
	check("with keys that must be fetched first", false)
	w.settled()
	check("after the key was removed", false)
	w.answers(text(jwks(jwk("rsa", "rsa", ""))))
	w.passes(mustRefetchAfter)
	w.issuer.Keys.remote.keys()
	w.settled()
	check("after the key was added again", true)
}

// TestCoversAllocatesNothing checks that a token that is sent again needs no memory.
func TestCoversAllocatesNothing(t *testing.T) {
	token, err := verify(t, keySet(t, jwk("rsa", "r1", "")), signed(nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { token.Validity.Covers(noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
