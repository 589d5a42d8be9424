package decision

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/iam"
)

// cache contains entries by hashes with a secret seed. Each entry contains its subject
// or values, so that of two requests with one hash neither has the decision of the other.
//
// Entries are in LRU lists, one for each part of the hashes. A list has a lock, which
// processors wait for. So the cache also has a table with the entry that was found last for
// each of many remainders of a hash, which is read without a lock.
type cache struct {
	seed   maphash.Seed
	recent []atomic.Pointer[entry] // a power of two
	lists  []*lru.Cache[uint64, *entry]
	missed []atomic.Uint32 // parts of the hashes that were missed last, see admit
	stats  *Stats
}

// An entry is a decision, or the inputs that a decision depends on.
type entry struct {
	hash uint64
	subject
	inputs   *iam.Inputs // what else the decision depends on; nil if nothing
	bypassed bool        // the decision depends on too much else to be cached

	// Of a decision that depends on inputs:
	on          *entry // has the inputs
	values      string // of the condition keys
	from, until int64  // the period of the clock

	decision iam.Decision
	reason   atomic.Pointer[Reason] // nil if it is not known
}

// subject is what determines the statements that a decision depends on.
type subject struct {
	principal        iam.Principal
	action, resource string
	session          []*iam.Policy
}

// is reports whether the subject is that of a request.
func (s *subject) is(r *iam.Request, session []*iam.Policy) bool {
	p := r.Principal
	return s.action == r.Action && s.resource == r.Resource && s.principal.ARN == p.ARN && s.principal.RoleARN == p.RoleARN &&
		s.principal.UserARN == p.UserARN && s.principal.Account == p.Account && s.principal.Kind == p.Kind &&
		slices.Equal(s.session, session)
}

// newSubject returns the subject of a request. It shares no memory with the request,
// which would otherwise be retained.
func newSubject(r *iam.Request, session []*iam.Policy) subject {
	p := *r.Principal
	for _, text := range []*string{&p.ARN, &p.RoleARN, &p.UserARN, &p.Account} {
		*text = strings.Clone(*text)
	}
	p.UserID = ""
	return subject{p, strings.Clone(r.Action), strings.Clone(r.Resource), session}
}

const (
	// manyEntries is the size from which the cache has several lists.
	manyEntries = 1024
	lists       = 16
)

func newCache(size int, stats *Stats) (*cache, error) {
	n, each := 1, size
	if size >= manyEntries {
		n, each = lists, (size+lists-1)/lists
	}
	c := &cache{seed: maphash.MakeSeed(), stats: stats}
	for range n {
		list, err := lru.NewWithEvict(each, func(uint64, *entry) { stats.Evictions.Add(1) })
		if err != nil {
			return nil, err
		}
		c.lists = append(c.lists, list)
	}
	slots := 1 << bits.Len(uint(size-1))
	c.recent, c.missed = make([]atomic.Pointer[entry], slots), make([]atomic.Uint32, slots)
	return c, nil
}

func (c *cache) len() (n int) {
	for _, list := range c.lists {
		n += list.Len()
	}
	return n
}

// hash returns the hash of a request's subject.
func (c *cache) hash(r *iam.Request, session []*iam.Policy) uint64 {
	p := r.Principal
	h := maphash.String(c.seed, p.ARN)
	h = mix(h, maphash.String(c.seed, r.Action))
	h = mix(h, maphash.String(c.seed, r.Resource))
	for _, arn := range [...]string{p.RoleARN, p.UserARN} {
		if arn != "" {
			h = mix(h, maphash.String(c.seed, arn))
		}
	}
	for _, policy := range session {
		h = mix(h, maphash.Comparable(c.seed, policy))
	}
	return h
}

// mix returns a hash of two hashes, which depends on their order.
func mix(a, b uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	return bits.RotateLeft64(a*odd, 31) ^ b
}

// get returns an entry with the hash, nil if there is none.
func (c *cache) get(hash uint64) *entry {
	recent := &c.recent[hash&uint64(len(c.recent)-1)]
	if e := recent.Load(); e != nil && e.hash == hash {
		return e
	}
	e, found := c.list(hash).Get(hash)
	if found {
		recent.Store(e)
	}
	return e
}

func (c *cache) add(e *entry) {
	c.list(e.hash).Add(e.hash, e)
	c.recent[e.hash&uint64(len(c.recent)-1)].Store(e)
}

func (c *cache) list(hash uint64) *lru.Cache[uint64, *entry] {
	return c.lists[hash>>32%uint64(len(c.lists))]
}

// admit reports whether a hash was missed before. Only then is it worth an entry: many
// requests never occur again, and a decision that is not cached needs no memory.
func (c *cache) admit(hash uint64) bool {
	last := &c.missed[hash&uint64(len(c.missed)-1)]
	mark := uint32(hash>>32) | 1
	if last.Load() == mark {
		return true
	}
	last.Store(mark)
	return false
}

// maxValues is the limit on the size of a cached decision's values, in bytes: a client
// chooses the values of some condition keys.
const maxValues = 2048

// maxInputs is the limit on the inputs of a cached decision. Few decisions have more than ten, but
// a policy of 1 MiB can mention many thousand, and each caller and resource has an entry.
const maxInputs = 256

// A search is the outcome of a search for the decision on a request.
type search struct {
	found    *entry // has the decision; nil if the cache does not have it
	bypassed bool   // the decision may not be cached

	// If it was not found: what its entry must contain.
	hash uint64
	on   *entry // has the inputs of the request; nil if they are not known
	time int64
}

// evaluate returns the decision of policies on r, which was not found.
func (s *search) evaluate(policies *iam.Policies, r *iam.Request) iam.Decision {
	if s.on != nil {
		return s.on.inputs.Evaluate(policies, r)
	}
	return policies.Evaluate(r)
}

// find searches for the decision on r. It appends the values of the inputs of r to b.
func (c *cache) find(r *iam.Request, session []*iam.Policy, b []byte) (s search, values []byte) {
	s.hash = c.hash(r, session)
	switch e := c.get(s.hash); {
	case e == nil || e.on != nil || !e.is(r, session):
	case e.bypassed:
		s.bypassed = true
	case e.inputs != nil:
		s, values = c.findByInputs(e, r, b)
	default:
		s.found = e
	}
	switch {
	case s.found != nil:
		c.stats.Hits.Add(1)
	case s.bypassed:
		c.stats.Bypasses.Add(1)
	default:
		c.stats.Misses.Add(1)
	}
	return s, values
}

// findByInputs searches for the decision for the values of the inputs in r. It bypasses the
// cache if a decision by these values may not be cached.
func (c *cache) findByInputs(on *entry, r *iam.Request, b []byte) (s search, values []byte) {
	s.on = on
	values, ok := appendValues(b, r.Context, on.inputs.Keys)
	if ok && on.inputs.Clock {
		s.time, ok = on.inputs.Time(r.Context)
	}
	if s.bypassed = !ok || len(values) > maxValues; s.bypassed {
		return s, nil
	}
	s.hash = mix(on.hash, maphash.Bytes(c.seed, values))
	if e := c.get(s.hash); e != nil && e.on == on && e.values == string(values) && e.from <= s.time && s.time < e.until {
		s.found = e
	}
	return s, values
}

// appendValues appends the values of condition keys. It distinguishes an absent key, a
// single value and several values, and returns false for an ambiguous key. The length of
// each part precedes it, so that different values are different bytes.
func appendValues(b []byte, c iam.Context, names []string) ([]byte, bool) {
	for _, name := range names {
		entry := c.First(name)
		switch {
		case entry == nil:
			b = append(b, 'a')
		case entry.Ambiguous:
			return nil, false
		case !entry.Multi:
			b = appendString(append(b, 's'), entry.Value)
		default:
			b = binary.AppendUvarint(append(b, 'm'), uint64(len(entry.Values)))
			for _, v := range entry.Values {
				b = appendString(b, v)
			}
		}
	}
	return b, true
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// addDecision adds the decision on r for which find found no entry. policies are those that
// apply to r. reason may be nil.
func (c *cache) addDecision(s search, values []byte, r *iam.Request, session []*iam.Policy, policies *iam.Policies, d iam.Decision, reason *Reason) {
	if s.bypassed || !c.admit(s.hash) {
		return
	}
	if s.on == nil {
		in := policies.Inputs(r)
		e := &entry{hash: s.hash, subject: newSubject(r, session)}
		if len(in.Keys) == 0 && !in.Clock {
			e.decision = d
			e.reason.Store(reason)
			c.add(e)
			return
		}
		if e.bypassed = in.Len() > maxInputs; e.bypassed {
			c.add(e)
			return
		}
		e.inputs = &in
		c.add(e)
		if s, values = c.findByInputs(e, r, nil); s.bypassed {
			return
		}
	}
	e := &entry{hash: s.hash, on: s.on, values: string(values), from: math.MinInt64, until: math.MaxInt64, decision: d}
	if s.on.inputs.Clock {
		e.from, e.until = s.on.inputs.Period(s.time)
	}
	e.reason.Store(reason)
	c.add(e)
}
