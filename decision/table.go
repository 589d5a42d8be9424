package decision

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

// A Table has values by ARN. It is immutable: [Table.With] returns another table, which shares
// with this one what did not change. The zero value is empty.
type Table[V any] struct {
	seed    maphash.Seed
	buckets [][]Entry[V] // by the hash of the ARN; a power of two, or none
	size    int
}

// An Entry is an ARN with its value. The ARN consists of a prefix, which the ARNs of many entries
// may share, and a name, which may be a part of another text: so it takes no memory of its own.
type Entry[V any] struct {
	Prefix, Name string
	Value        V
}

func (e *Entry[V]) arn() string { return e.Prefix + e.Name }

func (e *Entry[V]) isOf(arn string) bool {
	return len(arn) == len(e.Prefix)+len(e.Name) && arn[len(e.Prefix):] == e.Name && arn[:len(e.Prefix)] == e.Prefix
}

// bucketSize is the average number of entries in a bucket from which a table has more buckets.
const bucketSize = 4

// With returns a table with the entries of t without those of some ARNs, and with others instead
// of those with the same ARN.
func (t *Table[V]) With(removed []string, added []Entry[V]) Table[V] {
	next := Table[V]{t.seed, slices.Clone(t.buckets), t.size}
	if most := t.size + len(added); most > bucketSize*len(t.buckets) {
		next = newTable[V](most)
		for _, bucket := range t.buckets {
			for _, e := range bucket {
				next.change(e.arn(), e)
			}
		}
	}
	for _, arn := range removed {
		if next.size > 0 {
			next.change(arn)
		}
	}
	for _, e := range added {
		next.change(e.arn(), e)
	}
	return next
}

// newTable returns an empty table for so many values.
func newTable[V any](size int) Table[V] {
	buckets := 1 << bits.Len(uint(size/bucketSize))
	return Table[V]{seed: maphash.MakeSeed(), buckets: make([][]Entry[V], buckets)}
}

// change gives an ARN another entry, or none. It replaces the bucket, which other tables may share.
func (t *Table[V]) change(arn string, entry ...Entry[V]) {
	bucket := t.bucket(arn)
	changed := make([]Entry[V], 0, len(*bucket)+len(entry))
	for _, e := range *bucket {
		if !e.isOf(arn) {
			changed = append(changed, e)
		}
	}
	changed = append(changed, entry...)
	t.size += len(changed) - len(*bucket)
	*bucket = changed
}

// bucket returns the bucket of an ARN in a table with buckets.
func (t *Table[V]) bucket(arn string) *[]Entry[V] {
	return &t.buckets[maphash.String(t.seed, arn)&uint64(len(t.buckets)-1)]
}

// Get returns the value of an ARN, zero if it has none.
func (t *Table[V]) Get(arn string) (value V) {
	if len(t.buckets) == 0 {
		return value
	}
	bucket := *t.bucket(arn)
	for i := range bucket {
		if bucket[i].isOf(arn) {
			return bucket[i].Value
		}
	}
	return value
}

// Len returns the number of values.
func (t *Table[V]) Len() int { return t.size }

// All returns the ARNs and their values in no order.
func (t *Table[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, bucket := range t.buckets {
			for i := range bucket {
				if !yield(bucket[i].arn(), bucket[i].Value) {
					return
				}
			}
		}
	}
}
