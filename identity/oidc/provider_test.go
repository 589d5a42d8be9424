package oidc

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// provider is an issuer at a URL, its key set in a cache, and their clock.
type provider struct {
	t        *testing.T
	server   *httptest.Server
	cache    *KeyCache
	issuer   *Verifier
	log      *safeBuffer
	clock    atomic.Int64
	requests atomic.Int64 // requests to the server

	mu     sync.Mutex
	answer http.HandlerFunc
}

// newProvider starts an issuer with that handler. Its keys are not fetched yet.
func newProvider(t *testing.T, answer http.HandlerFunc) *provider {
	t.Helper()
	w := &provider{t: t, answer: answer, log: &safeBuffer{}}
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
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
	w.cache.Keep([]*KeySet{keys})
	w.issuer = &Verifier{URL: issuerURL, Keys: keys}
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

func (w *provider) answers(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func (w *provider) passes(d time.Duration) { w.clock.Add(int64(d)) }

// verify verifies a token. A test that waits fails after five minutes.
func (w *provider) verify(raw string) error {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	return w.askWithin(ctx, raw)
}

func (w *provider) askWithin(ctx context.Context, raw string) error {
	_, err := w.issuer.Verify(ctx, raw, []string{audience}, noon)
	return err
}

// settled waits for the end of the running fetch.
func (w *provider) settled() {
	w.t.Helper()
	s := w.issuer.Keys.remote
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-time.After(5 * time.Minute):
		w.t.Fatal("the fetch does not end")
	}
}

// fetched checks the number of requests that reached the server.
func (w *provider) fetched(want int64) {
	w.t.Helper()
	w.settled()
	if requests := w.requests.Load(); requests != want {
		w.t.Errorf("the issuer received %d requests, want %d", requests, want)
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", code) }
}

// hang does not answer until the client disconnects or the test ends.
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

// by returns an ordinary token signed RS256 with the key, whose name is the kid.
func by(key string) string {
	return craft(theKeys()[key], "RS256", header("RS256", key), claims(nil))
}
