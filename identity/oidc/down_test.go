package oidc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHang has an issuer that does not answer: a request waits no longer than it
// may, and a later one is served once there is an answer.
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
		wants(t, err, "keys are not available", raw)
	}
	close(release)
	wants(t, w.ask(raw), "", raw)
	w.fetched(1)
}

// TestHangLater has the issuer hang when it is asked for a new kid: who shows it
// waits and is told to come again, the others are served.
func TestHangLater(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(hang(t))
	w.passes(fetchInterval)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.askWithin(ctx, by("other")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	wants(t, w.ask(by("rsa")), "", "")
}

// TestHangWhileDown has an issuer that is down and then hangs: after the first
// failure nobody waits for it, however old the keys are, until it has not been
// asked for a time.
func TestHangWhileDown(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(status(503))
	w.passes(mustRefetchAfter)
	wants(t, w.ask(by("rsa")), "", "")
	w.fetched(2)
	w.answers(hang(t))
	for range 4 {
		w.passes(time.Minute)
		wants(t, w.ask(by("rsa")), "", "")
	}
	w.passes(time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.askWithin(ctx, by("rsa")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}

// TestOldFailure has an issuer that was down once, and a key that was withdrawn in
// a time without requests: the failure of long ago does not let it serve again.
func TestOldFailure(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wants(t, w.ask(raw), "", "")
	w.answers(status(503))
	w.passes(mustRefetchAfter)
	wants(t, w.ask(raw), "", "")
	w.fetched(2)
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(staleAfter)
	wants(t, w.ask(raw), "not in the issuer's key set", raw)
	w.fetched(3)
}

// wrongAnswers are those of a URL that are no key set.
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

// TestWrongAnswer has an issuer that answers wrongly, first at the start and
// then while there are good keys.
func TestWrongAnswer(t *testing.T) {
	for name, answer := range wrongAnswers() {
		t.Run(name, func(t *testing.T) {
			w, good := newProvider(t, answer), text(jwks(jwk("rsa", "rsa", "")))
			raw := by("rsa")
			err := w.ask(raw)
			if !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable", err)
			}
			wants(t, err, w.server.URL, raw)
			w.answers(good)
			if err := w.ask(raw); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want ErrUnavailable within a second of the failure", err)
			}
			w.passes(retryInterval)
			wants(t, w.ask(raw), "", raw)
			w.fetched(2)

			w.answers(answer)
			for range 3 {
				w.passes(mustRefetchAfter)
				w.issuer.Keys.remote.keys()
				w.settled()
				wants(t, w.ask(raw), "", raw)
				wants(t, w.ask(by("rsa")), "", raw)
			}
			if err := w.ask(by("other")); !errors.Is(err, ErrUnavailable) {
				t.Errorf("an unknown kid while the issuer is down: %v, want ErrUnavailable", err)
			}
			s := w.cache.Status()[0]
			if s.Keys != 1 || s.LastError == "" || s.Failures < 3 || !s.Loaded.Equal(noon.Add(retryInterval)) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestDown has an issuer at whose address nobody listens any more.
func TestDown(t *testing.T) {
	w := newProvider(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wants(t, w.ask(raw), "", raw)
	w.server.Close()
	for range 3 {
		w.passes(time.Hour)
		wants(t, w.ask(raw), "", raw)
		wants(t, w.ask(by("rsa")), "", raw)
		w.settled()
	}
	if said := strings.Count(w.log.String(), "issuer's keys not fetched"); said != 1 {
		t.Errorf("the same failure is in the log %d times, want once:\n%s", said, w.log)
	}
}
