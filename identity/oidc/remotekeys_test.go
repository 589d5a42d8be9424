package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestKeysFetchedOnce(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	w.fetched(0)
	for range 3 {
		wantError(t, w.verify(by("rsa")), "", "")
	}
	wantError(t, w.verify(by("other")), "not in the issuer's key set", "")
	w.fetched(1)
	again, err := w.cache.KeySet(w.server.URL+"/jwks", nil)
	if err != nil || again != w.issuer.Keys {
		t.Errorf("another set for the same URL: %v", err)
	}
}

// TestFetchedAtOnce checks that a cache which is not offline starts to fetch the keys that
// it keeps, and no others.
func TestFetchedAtOnce(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	online := NewKeyCache(KeyCacheOptions{})
	keys, err := online.KeySet(w.server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := online.KeySet(w.server.URL+"/rejected", nil); err != nil {
		t.Fatal(err)
	}
	w.issuer.Keys = keys
	w.fetched(0)
	if all := online.Status(); len(all) != 0 {
		t.Errorf("keys that are not kept have the status %+v", all)
	}
	online.Keep([]*KeySet{keys})
	online.Keep([]*KeySet{keys})
	w.fetched(1)
	if all := online.Status(); len(all) != 1 || all[0].Keys != 1 || all[0].LastError != "" || all[0].Loaded.IsZero() {
		t.Errorf("%+v", all)
	}
}

// TestStaleKeys checks that keys of five minutes are fetched again while no request
// waits.
func TestStaleKeys(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.answers(hang(t))
	w.passes(staleAfter - time.Second)
	wantError(t, w.verify(by("rsa")), "", "")
	w.fetched(1)
	w.passes(time.Second)
	for range 3 {
		wantError(t, w.verify(by("rsa")), "", "")
	}
	for end := time.Now().Add(time.Minute); w.requests.Load() < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if w.requests.Load() != 2 {
		t.Errorf("the issuer received %d requests, want 2", w.requests.Load())
	}
}

// TestRotation removes a key from the set: its tokens are no longer valid, including
// cached ones.
func TestRotation(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	remembered := by("rsa")
	wantError(t, w.verify(remembered), "", "")
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(staleAfter)
	w.issuer.Keys.remote.keys()
	w.settled()
	wantError(t, w.verify(remembered), "not in the issuer's key set", remembered)
	wantError(t, w.verify(by("rsa")), "not in the issuer's key set", "")
	wantError(t, w.verify(by("other")), "", "")
	w.fetched(2)
}

// TestKidReplaced replaces the key of a kid.
func TestKidReplaced(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wantError(t, w.verify(raw), "", "")
	w.answers(text(jwks(jwk("other", "rsa", ""))))
	w.passes(staleAfter)
	w.issuer.Keys.remote.keys()
	w.settled()
	wantError(t, w.verify(raw), "signature", raw)
}

// TestOldKeys checks that a key which was removed in a time without requests is not
// used again.
func TestOldKeys(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wantError(t, w.verify(raw), "", "")
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(mustRefetchAfter)
	wantError(t, w.verify(raw), "not in the issuer's key set", raw)
	w.fetched(2)
}

// TestUnchangedKeys checks that a set that did not change retains its cache.
func TestUnchangedKeys(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wantError(t, w.verify(raw), "", "")
	w.passes(mustRefetchAfter)
	w.issuer.Keys.remote.keys()
	w.fetched(2)
	if _, known := w.issuer.Keys.current().tokens.Get(must(digestOf(raw))); !known {
		t.Error("the token is forgotten")
	}
}

// TestNewKey checks that a new kid starts a fetch at once, and that many kids that do
// not exist start one fetch in ten seconds.
func TestNewKey(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.answers(text(jwks(jwk("rsa", "rsa", ""), jwk("other", "other", ""))))
	wantError(t, w.verify(by("other")), "not in the issuer's key set", "")
	w.fetched(1)
	w.passes(fetchInterval)
	wantError(t, w.verify(by("other")), "", "")
	w.fetched(2)
	for n := range 100 {
		raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", fmt.Sprint(n)), claims(nil))
		wantError(t, w.verify(raw), "not in the issuer's key set", raw)
		w.passes(fetchInterval / 50)
	}
	w.fetched(3)
	wantError(t, w.verify(by("rsa")), "", "")
}

// TestUnknownKidsAtOnce checks that all waiting requests share one fetch.
func TestUnknownKidsAtOnce(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.passes(fetchInterval)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", fmt.Sprint(n)), claims(nil))
			if err := w.verify(raw); err == nil || errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want an unknown key", err)
			}
			if err := w.verify(by("rsa")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.fetched(2)
}

// TestOthersCauseNoFetch checks that tokens of other issuers and audiences, and expired
// ones, start no fetch.
func TestOthersCauseNoFetch(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.passes(fetchInterval)
	for _, raw := range []string{"x", signed(map[string]any{"iss": "x"}), signed(map[string]any{"aud": "x"}), signed(map[string]any{"exp": 1}), signed(map[string]any{"sub": "x"})[:50]} {
		if err := w.verify(raw); err == nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("%v, want a token that does not hold", err)
		}
	}
	w.fetched(1)
}

// TestIgnoredKeys checks that invalid keys of a set at a URL are logged and not used.
func TestIgnoredKeys(t *testing.T) {
	secret := `{"kty":"oct","kid":"h","k":"` + strings.Repeat("QUJD", 11) + `"}`
	w := newProvider(t, text(jwks(secret, jwkOf(theKeys()["other"], "other", ""), jwk("short", "short", ""), jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.passes(fetchInterval)
	raw := craft([]byte(strings.Repeat("ABC", 11)), "HS256", header("HS256", "h"), claims(nil))
	wantError(t, w.verify(raw), `alg "HS256"`, raw)
	wantError(t, w.verify(by("other")), "not in the issuer's key set", "")
	wantError(t, w.verify(by("short")), "not in the issuer's key set", "")
	log := w.log.String()
	for _, say := range []string{"key 1: a shared secret", "key 2: this is a private key", "key 3: an RSA key of 1024 bits"} {
		if !strings.Contains(log, say) {
			t.Errorf("the log does not say %q:\n%s", say, log)
		}
	}
	if strings.Contains(log, "QUJD") || strings.Contains(log, "ABCABC") {
		t.Errorf("the log holds a secret:\n%s", log)
	}
	if s := w.cache.Status()[0]; s.Keys != 1 {
		t.Errorf("%d keys in use, want 1", s.Keys)
	}
}

// TestConcurrentRotation verifies tokens while keys change.
func TestConcurrentRotation(t *testing.T) {
	both := text(jwks(jwk("rsa", "rsa", ""), jwk("other", "other", "")))
	w := newProvider(t, both)
	tokens := []string{by("rsa"), by("other")}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 30 {
				if err := w.verify(tokens[0]); err != nil {
					t.Errorf("the key that stays: %v", err)
				}
				if err := w.verify(tokens[1]); err != nil && !strings.Contains(err.Error(), "not in the issuer's key set") {
					t.Errorf("the key that comes and goes: %v", err)
				}
				if n == 0 {
					w.passes(staleAfter)
				}
				w.answers([]http.HandlerFunc{both, text(jwks(jwk("rsa", "rsa", "")))}[n%2])
				w.cache.Status()
			}
		})
	}
	all.Wait()
	w.answers(text(jwks(jwk("rsa", "rsa", ""))))
	w.settled()
	w.passes(mustRefetchAfter)
	wantError(t, w.verify(tokens[1]), "not in the issuer's key set", tokens[1])
	wantError(t, w.verify(tokens[0]), "", tokens[0])
}

func TestKeep(t *testing.T) {
	c := NewKeyCache(KeyCacheOptions{Offline: true})
	set := func(url string) *KeySet {
		t.Helper()
		s, err := c.KeySet(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := set("https://a.example.com/keys"), set("https://b.example.com/keys")
	c.Keep([]*KeySet{a, {}, nil})
	if got := c.Status(); len(got) != 1 || got[0].URL != "https://a.example.com/keys" {
		t.Errorf("kept %+v", got)
	}
	if set("https://a.example.com/keys") != a {
		t.Error("the kept set is another now")
	}
	if set("https://b.example.com/keys") == b {
		t.Error("the forgotten set is still there")
	}
	c.Keep(nil)
	if got := c.Status(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}
