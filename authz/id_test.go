package authz

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
	"uuid"
)

// TestDecisionID checks that IDs are UUIDs of version 7 that contain the time of their decision,
// that they sort in the order of the decisions, and that each is new, for every kind of result.
func TestDecisionID(t *testing.T) {
	checker, before := newDenials(t), time.Now().UnixMilli()
	var ids []string
	for range 1000 {
		ids = append(ids,
			checker.Check(context.Background(), at("full", "reader", "GET", "/v2/team/app/manifests/v1")).ID,
			checker.Check(context.Background(), at("full", "reader", "PUT", "/v2/team/app/manifests/v1")).ID,
			checker.Check(context.Background(), at("full", "", "GET", "/v2/")).ID,
			Unavailable("a reason").ID)
	}
	after := time.Now().UnixMilli()
	for _, text := range ids {
		id, err := uuid.Parse(text)
		if err != nil || id.String() != text || id[6]>>4 != 7 || id[8]>>6 != 0b10 {
			t.Fatalf("%s is not a UUID of version 7 (%v)", text, err)
		}
		milliseconds := int64(0)
		for _, b := range id[:6] {
			milliseconds = milliseconds<<8 | int64(b)
		}
		if milliseconds < before || milliseconds > after {
			t.Fatalf("%s contains the time %d, not between %d and %d", text, milliseconds, before, after)
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("the IDs do not sort in the order of the decisions")
	}
}

// TestDecisionIDsDiffer checks that decisions at the same time have different IDs, and that the
// random part of an ID does not follow from that of another.
func TestDecisionIDsDiffer(t *testing.T) {
	const workers, each = 8, 2000
	var wait sync.WaitGroup
	ids := make([][each]string, workers)
	for w := range ids {
		wait.Go(func() {
			for i := range ids[w] {
				ids[w][i] = newID()
			}
		})
	}
	wait.Wait()
	whole, random := map[string]bool{}, map[string]bool{}
	for w := range ids {
		for _, id := range ids[w] {
			whole[id], random[id[19:]] = true, true
		}
	}
	if len(whole) != workers*each || len(random) != workers*each {
		t.Errorf("%d different IDs with %d random parts; want %d", len(whole), len(random), workers*each)
	}
}

func BenchmarkDecisionID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newID()
	}
}
