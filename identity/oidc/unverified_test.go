package oidc

import "testing"

// A token that an issuer remembers is not read again, and its issuer is the one that
// it names, whoever else remembers it: several issuers may have one key set.
func TestUnverifiedIssuerOfRememberedTokens(t *testing.T) {
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
	changed := raw[:len(raw)-2] + "AA"
	if url, err := UnverifiedIssuer(changed, all...); url != otherURL || err != nil {
		t.Errorf("another signature: %q, error %v", url, err)
	}
	if _, err := second.Verify(t.Context(), changed, wanted, noon); err == nil {
		t.Error("another signature is taken")
	}
}

// To choose an issuer fetches no keys: tokens of one issuer are no reason to ask
// another for its.
func TestUnverifiedIssuerFetchesNothing(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	for range 2 {
		if url, err := UnverifiedIssuer(raw, w.issuer); url != issuerURL || err != nil {
			t.Errorf("%q, error %v", url, err)
		}
	}
	w.fetched(0)
	wants(t, w.ask(raw), "", "")
	w.passes(mustRefetchAfter)
	if url, err := UnverifiedIssuer(raw, w.issuer); url != issuerURL || err != nil {
		t.Errorf("%q, error %v", url, err)
	}
	w.fetched(1)
}
