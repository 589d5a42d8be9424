package oidc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"extauthz/fetch"
)

// A KeyCache contains the key sets at URLs. One cache serves all snapshots of the policy
// directory, so that a reload does not fetch them again.
type KeyCache struct {
	logger  *slog.Logger
	offline bool
	now     func() time.Time

	mu   sync.Mutex
	sets map[keySetID]*KeySet
}

// keySetID identifies a key set by its URL and the authorities of its server.
type keySetID struct {
	url string
	ca  [sha256.Size]byte // zero for the system's roots
}

// KeyCacheOptions are the options of a KeyCache.
type KeyCacheOptions struct {
	Logger  *slog.Logger // nil for none
	Offline bool         // no fetch starts before the first token
}

// NewKeyCache returns an empty cache.
func NewKeyCache(o KeyCacheOptions) *KeyCache {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &KeyCache{logger: o.Logger, offline: o.Offline, now: time.Now, sets: map[keySetID]*KeySet{}}
}

// KeySet returns the key set at a URL: https, or http on this machine. A set that the
// cache keeps for the same URL and ca is returned again; another one is new, and its keys are
// not fetched before [KeyCache.Keep] or the first token. ca is PEM, nil for the system's
// roots. The error reports an invalid URL or ca.
//
// The set is fetched in the background, now and again when a token needs it and the keys
// are 5 minutes old. A kid that is not in the set starts another fetch, at most every 10
// seconds. A fetch does not follow redirects, reads at most 1 MiB and ends after 10 seconds.
// If it fails, the last valid keys stay in use.
func (c *KeyCache) KeySet(url string, ca []byte) (*KeySet, error) {
	id := keySetID{url: url}
	if ca != nil {
		id.ca = sha256.Sum256(ca)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.sets[id]; ok {
		return known, nil
	}
	client, err := fetch.NewClient("a key set", url, ca)
	if err != nil {
		return nil, err
	}
	get := func() ([]byte, error) { return client.Get(context.Background(), nil, keySetHeader()) }
	return &KeySet{remote: &remoteKeys{id: id, get: get, url: url, now: c.now, logger: c.logger}}, nil
}

// keySetHeader returns the header of a request for a key set (RFC 7517, section 8.5.2).
func keySetHeader() http.Header {
	return http.Header{"Accept": {"application/jwk-set+json, application/json"}}
}

// Keep keeps the used key sets and removes every other. It starts to fetch the keys of those
// that are new. A removed set still works, but KeySet returns a new one for its URL.
func (c *KeyCache) Keep(used []*KeySet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.sets, func(_ keySetID, set *KeySet) bool { return !slices.Contains(used, set) })
	for _, set := range used {
		if set == nil || set.remote == nil || c.sets[set.remote.id] == set {
			continue
		}
		c.sets[set.remote.id] = set
		if !c.offline {
			set.remote.keys()
		}
	}
}

// KeySetStatus is the status of the key set at a URL.
type KeySetStatus struct {
	URL       string
	Keys      int       // usable keys; 0 before the first successful fetch
	Loaded    time.Time // when the URL last had these keys; zero before the first successful fetch
	LastError string    // of the last fetch; "" if it succeeded
	Failures  uint64    // fetches that failed, in total
}

// Status returns the status of every key set, ordered by URL.
func (c *KeyCache) Status() []KeySetStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]KeySetStatus, 0, len(c.sets))
	for _, set := range c.sets {
		all = append(all, set.remote.status())
	}
	slices.SortFunc(all, func(a, b KeySetStatus) int { return cmp.Compare(a.URL, b.URL) })
	return all
}

func (s *remoteKeys) status() KeySetStatus {
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
