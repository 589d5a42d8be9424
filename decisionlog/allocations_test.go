//go:build !race

package decisionlog

import (
	"testing"
	"time"
)

// TestRecordAllocatesNothing checks that recording a decision needs no allocation, once there is
// memory for a batch.
func TestRecordAllocatesNothing(t *testing.T) {
	l := New(Options{Writer: sinkFunc(func(p []byte) (int, error) { return len(p), nil }), Buffer: 4096})
	defer mustClose(t, l)
	r := checker(t).Check(t.Context(), request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")))
	for range 1000 {
		mustRecord(t, l, r)
	}
	if n := testing.AllocsPerRun(1000, func() { l.Record(t.Context(), r, time.Millisecond) }); n > 0 {
		t.Errorf("%v allocations for a decision", n)
	}
}
