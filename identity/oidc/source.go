package oidc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// When the keys at a URL are fetched. No fetch begins but for a request that
// could do with it (and one when the URL becomes known), and none while another
// one is under way.
const (
	// keys older than this are used, and fetched again meanwhile
	staleAfter = 5 * time.Minute
	// keys older than this, after a time without requests, are first fetched
	// again: a key withdrawn meanwhile must not serve once more. Where a fetch
	// failed no longer ago than staleAfter, that has just been tried.
	oldAfter = 15 * time.Minute
	// the least time between the beginnings of two fetches
	fetchEvery = 10 * time.Second
	// the same as long as there are no keys at all, so that a start before the
	// issuer or the network is up is soon over
	retryEvery = time.Second
)

// source holds the keys at a URL. Where the issuer is down, or answers with
// anything but a key set, the last good keys stay in use.
type source struct {
	get    func() ([]byte, error)
	url    string
	now    func() time.Time
	logger *slog.Logger

	mu       sync.Mutex
	current  *generation   // nil before the first good fetch
	loaded   time.Time     // when the current keys were last seen at the URL
	began    time.Time     // when the last fetch began
	running  chan struct{} // closed when the fetch under way ends, nil without one
	failure  error         // of the last fetch, nil where it went well
	failed   time.Time     // when that fetch ended
	failures uint64
}

// keys returns the keys in use, and starts to fetch them where that is due. A
// channel is there where the end of a fetch must be waited for first.
func (s *source) keys() (*generation, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	age := now.Sub(s.loaded)
	if s.current != nil && age < staleAfter {
		return s.current, nil
	}
	done := s.start()
	if s.current != nil && (age < oldAfter || s.failure != nil && now.Sub(s.failed) < staleAfter) {
		return s.current, nil
	}
	return nil, done
}

// last returns the keys that were had last, nil where none were yet.
func (s *source) last() *generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// ready returns the keys in use, having waited for them no longer than ctx.
func (s *source) ready(ctx context.Context) (*generation, error) {
	g, done := s.keys()
	if done == nil {
		return g, nil
	}
	if err := s.wait(ctx, done); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return nil, s.unavailable(s.failure)
	}
	return s.current, nil
}

// newer returns the keys in use after a look whether there are others than
// these. Where that look failed, nobody can tell whether a kid exists.
func (s *source) newer(ctx context.Context, than *generation) (*generation, error) {
	s.mu.Lock()
	if s.current != than {
		defer s.mu.Unlock()
		return s.current, nil
	}
	done := s.start()
	s.mu.Unlock()
	if err := s.wait(ctx, done); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return nil, s.unavailable(s.failure)
	}
	return s.current, nil
}

// wait waits for the end of a fetch.
func (s *source) wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return s.unavailable(ctx.Err())
	}
}

func (s *source) unavailable(why error) error {
	return fmt.Errorf("%w: %q: %w", ErrUnavailable, s.url, why)
}

// over is the channel of a fetch that is not to be waited for.
var over = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// start begins a fetch, unless one is under way or began a moment ago, and
// returns the channel that is closed at its end. The fetch belongs to no request
// and so outlives the one that asked for it. The caller holds the lock.
func (s *source) start() <-chan struct{} {
	if s.running != nil {
		return s.running
	}
	pause := fetchEvery
	if s.current == nil {
		pause = retryEvery
	}
	if now := s.now(); s.began.IsZero() || now.Sub(s.began) >= pause {
		s.began, s.running = now, make(chan struct{})
		go s.fetch()
		return s.running
	}
	return over
}

// fetch gets the keys and puts them in use.
func (s *source) fetch() {
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
	s.logger.Info("issuer's keys loaded", "url", s.url, "keys", len(usable))
	for _, why := range refused {
		s.logger.Warn("issuer's key ignored", "url", s.url, "reason", why.Error())
	}
}

// fail notes a fetch that failed. The log has the same failure once.
func (s *source) fail(err error) {
	if s.failure == nil || s.failure.Error() != err.Error() {
		s.logger.Warn("issuer's keys not fetched", "url", s.url, "error", err.Error(), "keysInUse", s.current != nil)
	}
	s.failure, s.failed = err, s.now()
	s.failures++
}
