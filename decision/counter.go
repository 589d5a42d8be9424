package decision

import (
	"sync"
	"sync/atomic"
)

// Stats counts the uses of caches. The engines of successive snapshots share one Stats, so
// that its counters never decrease.
type Stats struct {
	Hits      Counter // decisions found in the cache
	Misses    Counter // decisions that the cache could contain and does not
	Bypasses  Counter // decisions that may not be cached
	Evictions Counter // decisions removed to make room
}

// A Counter counts events of several processors without making them wait for each other.
// Each processor usually adds to a part of its own.
type Counter struct {
	parts [16]part
	next  atomic.Uint32
	pool  sync.Pool // the parts that each processor used last
}

// part is part of a count, in a cache line of its own.
type part struct {
	atomic.Uint64
	_ [56]byte
}

// Add adds n.
func (c *Counter) Add(n uint64) {
	p, ok := c.pool.Get().(*part)
	if !ok {
		p = &c.parts[c.next.Add(1)%uint32(len(c.parts))]
	}
	p.Uint64.Add(n)
	c.pool.Put(p)
}

// Load returns the count.
func (c *Counter) Load() (n uint64) {
	for i := range c.parts {
		n += c.parts[i].Uint64.Load()
	}
	return n
}
