package decision

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// FuzzTable compares tables with maps: each table that random changes made has what it had when
// it was made, whatever tables were made of it.
func FuzzTable(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint16(50))
	f.Add(uint64(2), uint8(40), uint16(400))
	f.Fuzz(func(t *testing.T, seed uint64, most uint8, names uint16) {
		names = 1 + names%1000
		random := rand.New(rand.NewPCG(seed, 0))
		tables, twins := []Table[*int]{{}}, []map[string]*int{{}}
		for range 20 {
			from := random.IntN(len(tables))
			twin := maps.Clone(twins[from])
			var removed []string
			var added []Entry[*int]
			for range random.IntN(int(most) + 1) {
				removed = append(removed, fmt.Sprint("arn:", random.IntN(int(names))))
				delete(twin, removed[len(removed)-1])
			}
			for range random.IntN(2*int(most) + 1) {
				arn := fmt.Sprint("arn:", random.IntN(int(names)))
				cut := random.IntN(len(arn) + 1)
				e := Entry[*int]{arn[:cut], arn[cut:], new(random.Int())}
				added, twin[arn] = append(added, e), e.Value
			}
			tables, twins = append(tables, tables[from].With(removed, added)), append(twins, twin)
		}
		for i, table := range tables {
			if got := maps.Collect(table.All()); table.Len() != len(twins[i]) || !maps.Equal(got, twins[i]) {
				t.Fatalf("table %d of %d values has %v, want %v", i, table.Len(), got, twins[i])
			}
			for n := range int(names) {
				arn := fmt.Sprint("arn:", n)
				if got := table.Get(arn); got != twins[i][arn] {
					t.Fatalf("table %d has %p for %s, want %p", i, got, arn, twins[i][arn])
				}
			}
		}
	})
}

// TestTableShares checks that a table shares the buckets without changes with the one that it was
// made of, and that values are spread over them.
func TestTableShares(t *testing.T) {
	var changes []Entry[*int]
	for i := range 10_000 {
		changes = append(changes, Entry[*int]{"arn:", fmt.Sprint(i), &i})
	}
	var empty Table[*int]
	full := empty.With(nil, changes)
	next := full.With(nil, changes[:1])
	differing := 0
	for i, bucket := range full.buckets {
		if len(bucket) > 30 {
			t.Errorf("%d values are in one bucket", len(bucket))
		}
		if len(bucket) > 0 && &bucket[0] != &next.buckets[i][0] {
			differing++
		}
	}
	if differing != 1 {
		t.Errorf("%d buckets differ after one change", differing)
	}
}
