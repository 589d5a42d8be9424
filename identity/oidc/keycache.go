package oidc

import (
	"cmp"
	"crypto/sha256"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// KeyCache holds the key sets that are fetched from URLs. One serves all
// snapshots of the policy directory, so that a reload forgets none.
type KeyCache struct {
	logger  *slog.Logger
	offline bool
	now     func() time.Time

	mu   sync.Mutex
	sets map[place]*KeySet
}

// place is where a key set comes from and who vouches for the server.
type place struct {
	url string
	ca  [sha256.Size]byte // zero for the system's roots
}

// KeyCacheOptions are what a KeyCache is made with.
type KeyCacheOptions struct {
	Logger  *slog.Logger // nil: nothing is logged
	Offline bool         // KeySet checks its arguments and starts no fetch; the first token does
}

// NewKeyCache returns an empty cache.
func NewKeyCache(o KeyCacheOptions) *KeyCache {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &KeyCache{logger: o.Logger, offline: o.Offline, now: time.Now, sets: map[place]*KeySet{}}
}

// KeySet returns the key set at a URL: https, or http on this machine. The same
// URL and ca give the same set. ca is PEM, nil for the system's roots. An error
// says what is wrong with either; whether the issuer answers shows later.
//
// The set is fetched in the background, now and whenever a token asks for it and
// the keys are 5 minutes old; a kid that is not in it has it fetched again, at
// most every 10 seconds. A fetch follows no redirect, reads 1 MiB at most and
// gives up after 10 seconds. Where it fails, the keys last had are used on.
func (c *KeyCache) KeySet(url string, ca []byte) (*KeySet, error) {
	at := place{url: url}
	if ca != nil {
		at.ca = sha256.Sum256(ca)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.sets[at]; ok {
		return known, nil
	}
	f, err := newFetcher(url, ca)
	if err != nil {
		return nil, err
	}
	s := &source{get: f.get, url: url, now: c.now, logger: c.logger}
	if !c.offline {
		s.keys()
	}
	c.sets[at] = &KeySet{source: s}
	return c.sets[at], nil
}

// Keep forgets every key set but the used ones. Who holds a forgotten one can go on
// with it; the same URL is a new set from then on.
func (c *KeyCache) Keep(used []*KeySet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.sets, func(_ place, set *KeySet) bool { return !slices.Contains(used, set) })
}

// KeySetStatus says how it stands with the key set at a URL.
type KeySetStatus struct {
	URL       string
	Keys      int       // usable keys, 0 while none were had
	Loaded    time.Time // when they were last seen there, zero while none were had
	LastError string    // of the last fetch, "" where it went well
	Failures  uint64    // fetches that failed, ever
}

// Status returns the state of every key set, ordered by URL.
func (c *KeyCache) Status() []KeySetStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]KeySetStatus, 0, len(c.sets))
	for _, set := range c.sets {
		all = append(all, set.source.status())
	}
	slices.SortFunc(all, func(a, b KeySetStatus) int { return cmp.Compare(a.URL, b.URL) })
	return all
}

func (s *source) status() KeySetStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := KeySetStatus{URL: s.url, Loaded: s.loaded, Failures: s.failures}
	if s.current != nil {
		status.Keys = len(s.current.keys)
	}
	if s.failure != nil {
		status.LastError = s.failure.Error()
	}
	return status
}
