package oidc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"extauthz/waits"
)

// When the keys at a URL are fetched. A fetch starts only for a request that needs the
// keys, and once when the URL becomes known. At most one fetch runs at a time.
const (
	// staleAfter is the age at which keys are fetched again in the background.
	staleAfter = 5 * time.Minute
	// mustRefetchAfter is the age, after a time without requests, at which keys are fetched
	// again before they are used, because a key may have been withdrawn. If a fetch failed
	// within staleAfter, the old keys are used.
	mustRefetchAfter = 15 * time.Minute
	// fetchInterval is the minimum time between the starts of two fetches.
	fetchInterval = 10 * time.Second
	// retryInterval is the same before any keys were fetched, so that a start before the
	// issuer or the network is up does not delay requests for long.
	retryInterval = time.Second
)

// remoteKeys are the keys at a URL. If the issuer is down, or answers with anything but a
// key set, the last valid keys stay in use.
type remoteKeys struct {
	id     keySetID
	get    func() ([]byte, error)
	url    string
	now    func() time.Time
	logger *slog.Logger

	mu       sync.Mutex
	current  *generation   // nil before the first successful fetch
	loaded   time.Time     // when the URL last had the current keys
	began    time.Time     // when the last fetch started
	running  chan struct{} // closed when the running fetch ends; nil if no fetch runs
	failure  error         // of the last fetch; nil if it succeeded
	failed   time.Time     // when that fetch ended
	failures uint64
}

// keys returns the current keys, and starts to fetch them if they are stale. If the caller
// must wait for a fetch first, keys returns the channel that is closed at its end.
func (s *remoteKeys) keys() (*generation, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	age := now.Sub(s.loaded)
	if s.current != nil && age < staleAfter {
		return s.current, nil
	}
	done := s.start()
	if s.current != nil && (age < mustRefetchAfter || s.failure != nil && now.Sub(s.failed) < staleAfter) {
		return s.current, nil
	}
	return nil, done
}

// latest returns the current keys, however old; nil before the first successful fetch.
func (s *remoteKeys) latest() *generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// wait returns the current keys, and waits for them no longer than ctx.
func (s *remoteKeys) wait(ctx context.Context) (*generation, error) {
	g, done := s.keys()
	if done == nil {
		return g, nil
	}
	if err := s.waitFor(ctx, done); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil, s.unavailable(s.failure)
	}
	return s.current, nil
}

// refreshed returns the current keys after a fetch, if they are still the given ones. If the
// fetch fails, it is not known whether a kid exists, and that is an error.
func (s *remoteKeys) refreshed(ctx context.Context, than *generation) (*generation, error) {
	s.mu.Lock()
	if s.current != than {
		defer s.mu.Unlock()
		return s.current, nil
	}
	done := s.start()
	s.mu.Unlock()
	if err := s.waitFor(ctx, done); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return nil, s.unavailable(s.failure)
	}
	return s.current, nil
}

// waitFor waits for the end of a fetch.
func (s *remoteKeys) waitFor(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil // without a wait
	default:
	}
	defer waits.Begin(ctx, waits.KeyFetch)()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return s.unavailable(ctx.Err())
	}
}

func (s *remoteKeys) unavailable(why error) error {
	return fmt.Errorf("%w: %q: %w", ErrUnavailable, s.url, why)
}

// closedChannel is returned if no fetch is started.
var closedChannel = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// start starts a fetch, unless one is running or started a moment ago, and returns the
// channel that is closed at its end. The fetch does not end with the request that started
// it. The caller holds the lock.
func (s *remoteKeys) start() <-chan struct{} {
	if s.running != nil {
		return s.running
	}
	pause := fetchInterval
	if s.current == nil {
		pause = retryInterval
	}
	if now := s.now(); s.began.IsZero() || now.Sub(s.began) >= pause {
		s.began, s.running = now, make(chan struct{})
		go s.fetch()
		return s.running
	}
	return closedChannel
}

// fetch fetches the keys and makes them the current ones.
func (s *remoteKeys) fetch() {
	text, err := s.get()
	var usable []key
	var refused []error
	if err == nil {
		usable, refused, err = parseJWKS(s.url, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { close(s.running); s.running = nil }()
	if err != nil {
		s.fail(err)
		return
	}
	s.failure, s.loaded = nil, s.now()
	if s.current != nil && s.current.text == sha256.Sum256(text) {
		return
	}
	s.current = newGeneration(text, usable)
	s.logger.Info("issuer keys loaded", "url", s.url, "keys", len(usable))
	for _, why := range refused {
		s.logger.Warn("issuer's key ignored", "url", s.url, "reason", why.Error())
	}
}

// fail records a fetch that failed. It logs a repeated failure once.
func (s *remoteKeys) fail(err error) {
	if s.failure == nil || s.failure.Error() != err.Error() {
		s.logger.Warn("issuer's keys not fetched", "url", s.url, "error", err.Error(), "keysInUse", s.current != nil)
	}
	s.failure, s.failed = err, s.now()
	s.failures++
}
