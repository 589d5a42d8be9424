package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

func TestSummarize(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   Spread
	}{
		{"no values", nil, Spread{}},
		{"one value", []float64{3}, Spread{3, 3, 3, 1}},
		{"an odd number of values", []float64{9, 1, 4}, Spread{4, 1, 9, 3}},
		{"an even number of values", []float64{4, 1, 2, 9}, Spread{3, 1, 9, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.values)
			if got := Summarize(c.values); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if !slices.Equal(before, c.values) {
				t.Error("the values were reordered")
			}
		})
	}
}

func TestRatios(t *testing.T) {
	got := Ratios([]float64{2, 6, 5, 1}, []float64{1, 3, 0})
	if want := []float64{2, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestHistogram checks that quantiles of random durations are within the width of a bucket of
// those of the sorted list.
func TestHistogram(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var h, first Histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(r.ExpFloat64() * float64(time.Millisecond))
		all = append(all, d)
		if i%2 == 0 {
			h.Add(d)
		} else {
			first.Add(d)
		}
	}
	h.Merge(&first)
	slices.Sort(all)
	if h.Count() != len(all) {
		t.Errorf("%d durations, want %d", h.Count(), len(all))
	}
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.999, 1} {
		want := all[min(len(all)-1, int(q*float64(len(all))))]
		if got := h.Quantile(q); got < want || float64(got) > float64(want)*1.02+1 {
			t.Errorf("quantile %v is %s, want %s", q, got, want)
		}
	}
}

// TestBuckets checks that buckets are adjacent, and that every duration has one.
func TestBuckets(t *testing.T) {
	for i := range buckets - 1 {
		if top := upper(i); bucket(top) != i || bucket(top+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, which is in bucket %d, and %d is in bucket %d", i, top, bucket(top), top+1, bucket(top+1))
		}
	}
	var h Histogram
	h.Add(-1)
	h.Add(1<<63 - 1)
	if got := h.Quantile(0); got != 0 {
		t.Errorf("a negative duration counts as %s", got)
	}
}
