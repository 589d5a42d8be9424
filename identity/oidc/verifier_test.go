package oidc

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
)

// TestZero checks the zero values of issuers, audiences and tokens.
func TestZero(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	noIssuer, raw := signed(map[string]any{"iss": ""}), signed(nil)
	ctx, wanted := t.Context(), []string{audience}
	_, err := (&Verifier{}).Verify(ctx, noIssuer, wanted, noon)
	wantError(t, err, "no keys", raw)
	_, err = (&Verifier{Keys: keys}).Verify(ctx, noIssuer, wanted, noon)
	wantError(t, err, "no keys", raw)
	_, err = (&Verifier{URL: issuerURL}).Verify(ctx, raw, wanted, noon)
	wantError(t, err, "no keys", raw)
	_, err = (&Verifier{URL: issuerURL, Keys: &KeySet{}}).Verify(ctx, raw, wanted, noon)
	wantError(t, err, "no keys", raw)
	_, err = (&Verifier{}).Accept(metadata(t, claims(map[string]any{"iss": ""})), noIssuer, wanted, noon)
	wantError(t, err, "no issuer", raw)
	issuer := &Verifier{URL: issuerURL, Keys: keys}
	for _, audiences := range [][]string{nil, {}, {""}} {
		for _, aud := range []any{audience, "", []string{""}, []string{}} {
			raw := signed(map[string]any{"aud": aud})
			_, err = issuer.Verify(ctx, raw, audiences, noon)
			wantError(t, err, "the token is for", raw)
		}
	}
	_, err = issuer.Verify(ctx, raw, wanted, time.Time{})
	wantError(t, err, "is not valid before", raw)
}

// TestToken checks the fields of a token.
func TestToken(t *testing.T) {
	changes := map[string]any{"aud": []string{"x", audience}, "nbf": noon.Add(-20 * time.Second).Unix()}
	token, err := verify(t, keySet(t, jwk("rsa", "r1", "")), signed(changes))
	if err != nil {
		t.Fatal(err)
	}
	want := &Token{
		Claims: metadata(t, claims(changes)), Issuer: issuerURL, KeyID: "r1", Audience: audience,
		IssuedAt: noon.Add(-10 * time.Second), NotBefore: noon.Add(-20 * time.Second), Expires: noon.Add(10 * time.Minute),
	}
	if !token.Validity.Covers(noon) {
		t.Error("the token is not valid")
	}
	token.Validity = Validity{}
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

// TestFirstAcceptedAudience checks that the order of the accepted audiences decides.
func TestFirstAcceptedAudience(t *testing.T) {
	issuer := &Verifier{URL: issuerURL, Keys: keySet(t, jwk("rsa", "r1", ""))}
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

// TestCachedTokensAreChecked verifies a token again at another time, for another
// audience, by another issuer and by other keys.
func TestCachedTokensAreChecked(t *testing.T) {
	keys := keySet(t, jwk("rsa", "r1", ""))
	issuer := &Verifier{URL: issuerURL, Keys: keys}
	raw := signed(nil)
	accept := func(i *Verifier, aud string, now time.Time) error {
		_, err := i.Verify(t.Context(), raw, []string{aud}, now)
		return err
	}
	wantError(t, accept(issuer, audience, noon), "", raw)
	if _, known := keys.current().tokens.Get(must(digestOf(raw))); !known {
		t.Fatal("the token is not remembered")
	}
	wantError(t, accept(issuer, audience, noon.Add(5*time.Minute)), "", raw)
	wantError(t, accept(issuer, audience, noon.Add(12*time.Minute)), "expired", raw)
	wantError(t, accept(issuer, audience, noon.Add(-2*time.Minute)), "is not valid before", raw)
	wantError(t, accept(issuer, "other", noon), "the token is for", raw)
	wantError(t, accept(&Verifier{URL: "https://other.example", Keys: keys}, audience, noon), "issued by", raw)
	wantError(t, accept(&Verifier{URL: issuerURL, Keys: keySet(t, jwk("other", "r1", ""))}, audience, noon), "signature", raw)
}

// TestNotCached checks that only valid tokens are cached.
func TestNotCached(t *testing.T) {
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
		if _, known := keys.current().tokens.Get(must(digestOf(raw))); known {
			t.Error("remembered")
		}
	}
}

// TestCacheIsBounded verifies more tokens than the cache has room for.
func TestCacheIsBounded(t *testing.T) {
	keys := keySet(t, jwk("ed", "e", ""))
	for n := range maxVerified {
		keys.static.tokens.Add(must(digestOf(fmt.Sprint(n))), verifiedToken{})
	}
	raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", "e"), claims(nil))
	_, err := verify(t, keys, raw)
	wantError(t, err, "", raw)
	if size := keys.static.tokens.Len(); size != maxVerified {
		t.Errorf("%d tokens remembered, want %d", size, maxVerified)
	}
	if _, known := keys.current().tokens.Get(must(digestOf("0"))); known {
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
