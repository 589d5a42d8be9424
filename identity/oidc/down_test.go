package oidc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHang checks an issuer that does not answer: a request waits no longer than its
// deadline, and a later one succeeds after the answer.
func TestHang(t *testing.T) {
	w := newProvider(t, nil)
	release := make(chan struct{})
	w.answers(func(out http.ResponseWriter, r *http.Request) {
		<-release
		text(jwks(jwk("rsa", "rsa", "")))(out, r)
	})
	raw := by("rsa")
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		begin := time.Now()
		err := w.askWithin(ctx, raw)
		cancel()
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want ErrUnavailable for the deadline", err)
		}
		if waited := time.Since(begin); waited > 5*time.Second {
			t.Errorf("waited %v", waited)
		}
		wantError(t, err, "keys are not available", raw)
	}
	close(release)
	wantError(t, w.verify(raw), "", raw)
	w.fetched(1)
}

// TestHangLater checks an issuer that does not answer a fetch for a new kid: requests
// with that kid wait and fail with ErrUnavailable, and the others succeed.
func TestHangLater(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.answers(hang(t))
	w.passes(fetchInterval)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.askWithin(ctx, by("other")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	wantError(t, w.verify(by("rsa")), "", "")
}

// TestHangWhileDown checks an issuer that is down and then does not answer: after the
// first failure no request waits for it, however old the keys are, until a time without
// requests.
func TestHangWhileDown(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wantError(t, w.verify(by("rsa")), "", "")
	w.answers(status(503))
	w.passes(mustRefetchAfter)
	wantError(t, w.verify(by("rsa")), "", "")
	w.fetched(2)
	w.answers(hang(t))
	for range 4 {
		w.passes(time.Minute)
		wantError(t, w.verify(by("rsa")), "", "")
	}
	w.passes(time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.askWithin(ctx, by("rsa")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}

// TestOldFailure checks that a failed fetch of long ago does not let a key serve that
// was withdrawn in a time without requests.
func TestOldFailure(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wantError(t, w.verify(raw), "", "")
	w.answers(status(503))
	w.passes(mustRefetchAfter)
	wantError(t, w.verify(raw), "", "")
	w.fetched(2)
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(staleAfter)
	wantError(t, w.verify(raw), "not in the issuer's key set", raw)
	w.fetched(3)
}

// wrongAnswers returns responses that are not key sets.
func wrongAnswers() map[string]http.HandlerFunc {
	good, packed := jwks(jwk("rsa", "rsa", "")), zipped(10<<20)
	return map[string]http.HandlerFunc{
		"garbage":      text("\x00\x01\x02"),
		"nothing":      text(""),
		"HTML":         text("<!DOCTYPE html><html>Sign in</html>"),
		"cut short":    text(good[:200]),
		"an empty set": text(`{"keys":[]}`),
		"no set":       text(`{"error":"x"}`),
		"oct only":     text(jwks(`{"kty":"oct","kid":"rsa","k":"c2VjcmV0c2VjcmV0"}`)),
		"private only": text(jwks(jwkOf(theKeys()["other"], "rsa", ""))),
		"short only":   text(jwks(jwk("short", "rsa", ""))),
		"500":          status(500), "404": status(404), "204": status(204),
		"500 with a set": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); text(good)(w, r) },
		"redirect":       func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"10 MB":          text(good + strings.Repeat(" ", 10<<20)),
		"10 MB, gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed)
		},
		"hung up": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"promises more": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			text(good)(w, r)
		},
	}
}

// TestWrongAnswer checks an issuer that answers wrongly, before and after there are
// valid keys.
func TestWrongAnswer(t *testing.T) {
	for name, answer := range wrongAnswers() {
		t.Run(name, func(t *testing.T) {
			w, good := newProvider(t, answer), text(jwks(jwk("rsa", "rsa", "")))
			raw := by("rsa")
			err := w.verify(raw)
			if !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
			wantError(t, err, w.server.URL, raw)
			w.answers(good)
			if err := w.verify(raw); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable within a second of the failure", err)
			}
			w.passes(retryInterval)
			wantError(t, w.verify(raw), "", raw)
			w.fetched(2)

			w.answers(answer)
			for range 3 {
				w.passes(mustRefetchAfter)
				w.issuer.Keys.remote.keys()
				w.settled()
				wantError(t, w.verify(raw), "", raw)
				wantError(t, w.verify(by("rsa")), "", raw)
			}
			if err := w.verify(by("other")); !errors.Is(err, ErrUnavailable) {
				t.Errorf("an unknown kid while the issuer is down: %v, want ErrUnavailable", err)
			}
			s := w.cache.Status()[0]
			if s.Keys != 1 || s.LastError == "" || s.Failures < 3 || !s.Loaded.Equal(noon.Add(retryInterval)) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestDown checks an issuer whose address does not accept connections any more.
func TestDown(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wantError(t, w.verify(raw), "", raw)
	w.server.Close()
	for range 3 {
		w.passes(time.Hour)
		wantError(t, w.verify(raw), "", raw)
		wantError(t, w.verify(by("rsa")), "", raw)
		w.settled()
	}
	if said := strings.Count(w.log.String(), "issuer's keys not fetched"); said != 1 {
		t.Errorf("the same failure is in the log %d times, want once:\n%s", said, w.log)
	}
}
