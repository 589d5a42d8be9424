package decision

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/iam"
)

// Stats counts what caches did. One value serves the engines of all snapshots,
// one after the other, so that the counters never go back.
type Stats struct {
	Hits, Misses, Evictions atomic.Uint64
}

// cache maps a question to its decision. The LRU list is keyed by a hash of
// the question under a secret seed; the entry keeps the question itself, and
// two that share a hash displace each other and never answer for each other.
type cache struct {
	seed    maphash.Seed
	entries *lru.Cache[uint64, entry]
	stats   *Stats
}

type entry struct {
	question []byte
	decision iam.Decision
}

func newCache(size int, stats *Stats) (*cache, error) {
	c := &cache{seed: maphash.MakeSeed(), stats: stats}
	var err error
	c.entries, err = lru.NewWithEvict(size, func(uint64, entry) { stats.Evictions.Add(1) })
	return c, err
}

func (c *cache) get(question []byte) (iam.Decision, bool) {
	e, found := c.entries.Get(maphash.Bytes(c.seed, question))
	if !found || !bytes.Equal(e.question, question) {
		c.stats.Misses.Add(1)
		return iam.ImplicitDeny, false
	}
	c.stats.Hits.Add(1)
	return e.decision, true
}

func (c *cache) add(question []byte, d iam.Decision) {
	c.entries.Add(maphash.Bytes(c.seed, question), entry{question: bytes.Clone(question), decision: d})
}
