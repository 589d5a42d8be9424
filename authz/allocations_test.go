//go:build !race

package authz

import (
	"context"
	"math"
	"testing"
)

// TestAllocations checks how often memory is allocated for an allowed pull with a certificate
// whose decisions are cached: for the result, its ID, the credentials, the attempt to
// authenticate and the ARN. The fewest of three rounds counts, because goroutines of earlier tests
// may allocate memory too.
func TestAllocations(t *testing.T) {
	for _, omit := range []bool{false, true} {
		c, r := pullByCertificate(t)
		c.OmitReasons = omit
		got := math.Inf(1)
		for range 3 {
			got = min(got, testing.AllocsPerRun(1000, func() { c.Check(context.Background(), r) }))
		}
		if got > 5 {
			t.Errorf("reasons omitted %t: %v allocations for a check, want at most 5", omit, got)
		}
	}
}

// TestDecisionIDAllocates checks that an ID is one allocation.
func TestDecisionIDAllocates(t *testing.T) {
	if got := testing.AllocsPerRun(100, func() { newID() }); got > 1 {
		t.Errorf("%v allocations", got)
	}
}
