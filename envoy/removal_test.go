package envoy

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

// names returns n names of headers.
func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint("x-header-", n, "-", i))
	}
	return list
}

// TestRemovals checks that lists are encoded as they are without removals, whichever lists
// were encoded before, and that only so many are retained.
func TestRemovals(t *testing.T) {
	var lists [][]string
	for n := range 2 * maxRemovals {
		all := names(n)
		lists = append(lists, all, all[:n/2], all[n/2:], names(n))
	}
	var known removals
	for round := range 3 {
		for i, list := range lists {
			before := []byte("before")
			if got, want := known.append(before, list), appendRemoval(before, list); !bytes.Equal(got, want) {
				t.Fatalf("round %d, list %d: got %q, want %q", round, i, got, want)
			}
			if retained := known.encoded.Load(); retained != nil && len(*retained) > maxRemovals {
				t.Fatalf("%d lists are retained", len(*retained))
			}
		}
	}
}

// TestRemovalsAreEncodedOnce checks that a list needs no allocation after the first time.
func TestRemovalsAreEncodedOnce(t *testing.T) {
	var known removals
	memory, all := make([]byte, 0, 4096), [][]string{names(30), names(31), names(3)}
	for _, list := range all {
		known.append(memory, list)
	}
	if got := testing.AllocsPerRun(100, func() {
		for _, list := range all {
			known.append(memory, list)
		}
	}); got > 0 {
		t.Errorf("%v allocations", got)
	}
}

// TestRemovalsConcurrently encodes lists in several goroutines.
func TestRemovalsConcurrently(t *testing.T) {
	var known removals
	var all sync.WaitGroup
	lists := [][]string{names(5), names(6), names(7), names(40)}
	for g := range 4 {
		all.Go(func() {
			for i := range 2000 {
				list := lists[(i+g)%len(lists)]
				if i%50 == 0 {
					list = names(5 + i%40)
				}
				if got, want := known.append(nil, list), appendRemoval(nil, list); !bytes.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	all.Wait()
}
