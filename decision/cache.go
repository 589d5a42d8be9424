package decision

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/diag"
	"extauthz/iam"
)

// Stats counts the uses of caches. The engines of successive snapshots share one Stats, so
// that its counters never decrease.
type Stats struct {
	Hits, Misses, Evictions atomic.Uint64
}

// cache contains decisions by their keys. The LRU list uses a hash of the key with a secret
// seed. Each entry contains the key itself, so that of two keys with one hash the second
// replaces the first, and neither has the decision of the other.
type cache struct {
	seed    maphash.Seed
	entries *lru.Cache[uint64, entry]
	stats   *Stats
}

type entry struct {
	key      []byte
	decision iam.Decision
	reason   *Reason // of the decision; nil if it is not known
}

func newCache(size int, stats *Stats) (*cache, error) {
	c := &cache{seed: maphash.MakeSeed(), stats: stats}
	var err error
	c.entries, err = lru.NewWithEvict(size, func(uint64, entry) { stats.Evictions.Add(1) })
	return c, err
}

func (c *cache) get(key []byte) (entry, bool) {
	e, found := c.entries.Get(maphash.Bytes(c.seed, key))
	if !found || !bytes.Equal(e.key, key) {
		c.stats.Misses.Add(1)
		return entry{}, false
	}
	c.stats.Hits.Add(1)
	return e, true
}

func (c *cache) add(key []byte, d iam.Decision, reason *Reason) {
	c.entries.Add(maphash.Bytes(c.seed, key), entry{bytes.Clone(key), d, reason})
}

// appendKey appends everything that the decision on r depends on: principal, action and
// resource, which determine the policies except those of the session, the session policies,
// and the values of the condition keys that the policies mention. The length of each part
// precedes it, so that different requests have different keys.
func appendKey(b []byte, r *iam.Request, a *applicable) []byte {
	p := r.Principal
	b = append(b, byte(p.Kind))
	for _, s := range [...]string{p.ARN, p.Account, p.RoleARN, p.UserARN, r.Action, r.Resource} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(a.policies.Session)))
	for _, policy := range a.policies.Session {
		b = appendPolicy(b, policy)
	}
	for _, names := range a.keys {
		b = appendValues(b, r.Context, names)
	}
	for _, policy := range a.policies.Session {
		b = appendValues(b, r.Context, policy.ConditionKeys())
	}
	for i := range r.Context { // which of several entries counts depends on how a policy writes the key
		if entry := &r.Context[i]; entry.Ambiguous {
			b = appendString(appendString(b, entry.Key), entry.Value)
		}
	}
	return b
}

// appendPolicy appends what distinguishes a session policy from every other of the
// snapshot: the source, and the position of the first statement.
func appendPolicy(b []byte, p *iam.Policy) []byte {
	b = appendString(b, p.Source.String())
	var at diag.Point
	if len(p.Statements) > 0 {
		at = p.Statements[0].Start
	}
	b = binary.AppendUvarint(b, uint64(at.Line))
	return binary.AppendUvarint(b, uint64(at.Column))
}

// appendValues appends the values of condition keys. It distinguishes an absent key, a
// single value and several values.
func appendValues(b []byte, c iam.Context, names []string) []byte {
	for _, name := range names {
		entry, present := c.Lookup(name)
		switch {
		case !present:
			b = append(b, 'a')
		case !entry.Multi:
			b = appendString(append(b, 's'), entry.Value)
		default:
			b = binary.AppendUvarint(append(b, 'm'), uint64(len(entry.Values)))
			for _, v := range entry.Values {
				b = appendString(b, v)
			}
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
