package stats

import (
	"math/bits"
	"time"
)

// subBits is the logarithm of the number of buckets for each power of two: 64 buckets, so
// that a bucket is at most 1.6 % wide.
const subBits = 6

// buckets is enough for every duration.
const buckets = (65 - subBits) << subBits

// A Histogram counts durations in buckets. The zero Histogram is empty.
type Histogram struct {
	counts [buckets]uint32
	total  int
}

// Add counts a duration. A negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.total++
}

// Merge adds the counts of another histogram.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range &other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// Count returns how many durations were counted.
func (h *Histogram) Count() int { return h.total }

// Quantile returns the smallest duration that at least the fraction q of all durations do not
// exceed, to the width of a bucket. It is zero if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank, seen := int(q*float64(h.total)), 0
	for i, n := range &h.counts {
		if seen += int(n); seen > rank || seen == h.total && n > 0 {
			return time.Duration(upper(i))
		}
	}
	return 0
}

// bucket returns the bucket of a number. The first 64 numbers have a bucket each.
func bucket(n uint64) int {
	shift := max(0, bits.Len64(n)-subBits-1)
	return shift<<subBits + int(n>>shift)
}

// upper returns the largest number in a bucket.
func upper(i int) uint64 {
	shift := max(0, i>>subBits-1)
	return uint64(i-shift<<subBits+1)<<shift - 1
}
