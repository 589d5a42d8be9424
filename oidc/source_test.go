package oidc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// world is an issuer at a URL, its key set in a cache, and their clock.
type world struct {
	t      *testing.T
	server *httptest.Server
	cache  *KeyCache
	issuer *Issuer
	log    *safeBuffer
	clock  atomic.Int64
	asked  atomic.Int64 // requests to the server

	mu     sync.Mutex
	answer http.HandlerFunc
}

// newWorld starts an issuer that answers so. Its keys are not asked for yet.
func newWorld(t *testing.T, answer http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, answer: answer, log: &safeBuffer{}}
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		w.mu.Lock()
		answer := w.answer
		w.mu.Unlock()
		answer(out, r)
	}))
	t.Cleanup(w.server.Close)
	w.clock.Store(noon.UnixNano())
	w.cache = NewKeyCache(KeyCacheOptions{Logger: slog.New(slog.NewTextHandler(w.log, nil)), Offline: true})
	w.cache.now = func() time.Time { return time.Unix(0, w.clock.Load()) }
	keys, err := w.cache.KeySet(w.server.URL+"/jwks", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.issuer = &Issuer{URL: issuerURL, Keys: keys}
	return w
}

// safeBuffer is a log that a fetch may write to while the test reads.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (w *world) answers(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func (w *world) passes(d time.Duration) { w.clock.Add(int64(d)) }

// ask verifies a token; a test that waits fails after ten seconds.
func (w *world) ask(raw string) error {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	return w.askWithin(ctx, raw)
}

func (w *world) askWithin(ctx context.Context, raw string) error {
	_, err := w.issuer.Verify(ctx, raw, []string{audience}, noon)
	return err
}

// settled waits for the end of the fetch under way.
func (w *world) settled() {
	w.t.Helper()
	s := w.issuer.Keys.source
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-time.After(10 * time.Second):
		w.t.Fatal("the fetch does not end")
	}
}

// fetched wants so many requests to have reached the server.
func (w *world) fetched(want int64) {
	w.t.Helper()
	w.settled()
	if asked := w.asked.Load(); asked != want {
		w.t.Errorf("the issuer was asked %d times, want %d", asked, want)
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", code) }
}

// hang answers nothing until the client goes away or the test ends.
func hang(t *testing.T) http.HandlerFunc {
	t.Helper()
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}
}

// by is an ordinary token signed RS256 with the key, its name being its kid.
func by(key string) string {
	return craft(theKeys()[key], "RS256", header("RS256", key), claims(nil))
}

func TestKeysFetchedOnce(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	w.fetched(0)
	for range 3 {
		wants(t, w.ask(by("rsa")), "", "")
	}
	wants(t, w.ask(by("other")), "not in the issuer's key set", "")
	w.fetched(1)
	again, err := w.cache.KeySet(w.server.URL+"/jwks", nil)
	if err != nil || again != w.issuer.Keys {
		t.Errorf("another set for the same URL: %v", err)
	}
}

// TestFetchedAtOnce wants a cache that is not offline to start by itself.
func TestFetchedAtOnce(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	online := NewKeyCache(KeyCacheOptions{})
	keys, err := online.KeySet(w.server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.issuer.Keys = keys
	w.fetched(1)
	if all := online.Status(); len(all) != 1 || all[0].Keys != 1 || all[0].LastError != "" || all[0].Loaded.IsZero() {
		t.Errorf("%+v", all)
	}
}

// TestStaleKeys wants keys of five minutes to be fetched again, nobody waiting.
func TestStaleKeys(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(hang(t))
	w.passes(staleAfter - time.Second)
	wants(t, w.ask(by("rsa")), "", "")
	w.fetched(1)
	w.passes(time.Second)
	for range 3 {
		wants(t, w.ask(by("rsa")), "", "")
	}
	for end := time.Now().Add(10 * time.Second); w.asked.Load() < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if w.asked.Load() != 2 {
		t.Errorf("asked %d times, want 2", w.asked.Load())
	}
}

// TestRotation takes a key away from the set: its tokens no longer hold, nor do
// those that are remembered.
func TestRotation(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	remembered := by("rsa")
	wants(t, w.ask(remembered), "", "")
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(staleAfter)
	w.issuer.Keys.source.keys()
	w.settled()
	wants(t, w.ask(remembered), "not in the issuer's key set", remembered)
	wants(t, w.ask(by("rsa")), "not in the issuer's key set", "")
	wants(t, w.ask(by("other")), "", "")
	w.fetched(2)
}

// TestKidReplaced keeps the kid and changes the key.
func TestKidReplaced(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wants(t, w.ask(raw), "", "")
	w.answers(text(jwks(jwk("other", "rsa", ""))))
	w.passes(staleAfter)
	w.issuer.Keys.source.keys()
	w.settled()
	wants(t, w.ask(raw), "signature", raw)
}

// TestOldKeys comes back after a time without requests: a key that was taken
// away meanwhile does not serve once more.
func TestOldKeys(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wants(t, w.ask(raw), "", "")
	w.answers(text(jwks(jwk("other", "other", ""))))
	w.passes(oldAfter)
	wants(t, w.ask(raw), "not in the issuer's key set", raw)
	w.fetched(2)
}

// TestUnchangedKeys wants a set that did not change to go on remembering.
func TestUnchangedKeys(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	raw := by("rsa")
	wants(t, w.ask(raw), "", "")
	w.passes(oldAfter)
	w.issuer.Keys.source.keys()
	w.fetched(2)
	if _, known := w.issuer.Keys.recall(must(digestOf(raw))); !known {
		t.Error("the token is forgotten")
	}
}

// TestNewKey wants a new kid to be looked for at once, and a flood of kids that
// do not exist to cause one fetch in ten seconds.
func TestNewKey(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(text(jwks(jwk("rsa", "rsa", ""), jwk("other", "other", ""))))
	wants(t, w.ask(by("other")), "not in the issuer's key set", "")
	w.fetched(1)
	w.passes(fetchEvery)
	wants(t, w.ask(by("other")), "", "")
	w.fetched(2)
	for n := range 100 {
		raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", fmt.Sprint(n)), claims(nil))
		wants(t, w.ask(raw), "not in the issuer's key set", raw)
		w.passes(fetchEvery / 50)
	}
	w.fetched(3)
	wants(t, w.ask(by("rsa")), "", "")
}

// TestUnknownKidsAtOnce wants one fetch for all that wait.
func TestUnknownKidsAtOnce(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.passes(fetchEvery)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			raw := craft(theKeys()["ed"], "EdDSA", header("EdDSA", fmt.Sprint(n)), claims(nil))
			if err := w.ask(raw); err == nil || errors.Is(err, ErrUnavailable) {
				t.Errorf("%v, want an unknown key", err)
			}
			if err := w.ask(by("rsa")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.fetched(2)
}

// TestOthersCauseNoFetch wants tokens of other issuers and audiences, and old
// ones, not to be reasons to ask the issuer.
func TestOthersCauseNoFetch(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.passes(fetchEvery)
	for _, raw := range []string{"x", signed(map[string]any{"iss": "x"}), signed(map[string]any{"aud": "x"}), signed(map[string]any{"exp": 1}), signed(map[string]any{"sub": "x"})[:50]} {
		if err := w.ask(raw); err == nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("%v, want a token that does not hold", err)
		}
	}
	w.fetched(1)
}

// TestHang has an issuer that does not answer: a request waits no longer than it
// may, and a later one is served once there is an answer.
func TestHang(t *testing.T) {
	w := newWorld(t, nil)
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
		wants(t, err, "keys cannot be had", raw)
	}
	close(release)
	wants(t, w.ask(raw), "", raw)
	w.fetched(1)
}

// TestHangLater has the issuer hang when it is asked for a new kid: who shows it
// waits and is told to come again, the others are served.
func TestHangLater(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(hang(t))
	w.passes(fetchEvery)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.askWithin(ctx, by("other")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	wants(t, w.ask(by("rsa")), "", "")
}

// TestHangWhileDown has an issuer that is down and then hangs: after the first
// failure nobody waits for it, however old the keys are.
func TestHangWhileDown(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.answers(status(503))
	w.passes(oldAfter)
	wants(t, w.ask(by("rsa")), "", "")
	w.fetched(2)
	w.answers(hang(t))
	for range 3 {
		w.passes(time.Hour)
		wants(t, w.ask(by("rsa")), "", "")
	}
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
			w, good := newWorld(t, answer), text(jwks(jwk("rsa", "rsa", "")))
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
			w.passes(retryEvery)
			wants(t, w.ask(raw), "", raw)
			w.fetched(2)

			w.answers(answer)
			for range 3 {
				w.passes(oldAfter)
				w.issuer.Keys.source.keys()
				w.settled()
				wants(t, w.ask(raw), "", raw)
				wants(t, w.ask(by("rsa")), "", raw)
			}
			if err := w.ask(by("other")); !errors.Is(err, ErrUnavailable) {
				t.Errorf("an unknown kid while the issuer is down: %v, want ErrUnavailable", err)
			}
			s := w.cache.Status()[0]
			if s.Keys != 1 || s.LastError == "" || s.Failures < 3 || !s.Loaded.Equal(noon.Add(retryEvery)) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestDown has an issuer at whose address nobody listens any more.
func TestDown(t *testing.T) {
	w := newWorld(t, text(jwks(jwk("rsa", "rsa", ""))))
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

// TestIgnoredKeys wants what is wrong in a set at a URL to be said, not used.
func TestIgnoredKeys(t *testing.T) {
	secret := `{"kty":"oct","kid":"h","k":"` + strings.Repeat("QUJD", 11) + `"}`
	w := newWorld(t, text(jwks(secret, jwkOf(theKeys()["other"], "other", ""), jwk("short", "short", ""), jwk("rsa", "rsa", ""))))
	wants(t, w.ask(by("rsa")), "", "")
	w.passes(fetchEvery)
	raw := craft([]byte(strings.Repeat("ABC", 11)), "HS256", header("HS256", "h"), claims(nil))
	wants(t, w.ask(raw), `alg "HS256"`, raw)
	wants(t, w.ask(by("other")), "not in the issuer's key set", "")
	wants(t, w.ask(by("short")), "not in the issuer's key set", "")
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

// TestConcurrentRotation verifies while keys come and go.
func TestConcurrentRotation(t *testing.T) {
	both := text(jwks(jwk("rsa", "rsa", ""), jwk("other", "other", "")))
	w := newWorld(t, both)
	tokens := []string{by("rsa"), by("other")}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 30 {
				if err := w.ask(tokens[0]); err != nil {
					t.Errorf("the key that stays: %v", err)
				}
				if err := w.ask(tokens[1]); err != nil && !strings.Contains(err.Error(), "not in the issuer's key set") {
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
	w.passes(oldAfter)
	wants(t, w.ask(tokens[1]), "not in the issuer's key set", tokens[1])
	wants(t, w.ask(tokens[0]), "", tokens[0])
}
