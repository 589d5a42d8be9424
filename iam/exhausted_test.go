package iam

import "testing"

// TestFewerStepsNeverHelp decides requests with fewer steps than they take. Whatever
// is left undone, an answer other than the right one must be a denial, and one that is
// not marked as exhausted must be the right one.
func TestFewerStepsNeverHelp(t *testing.T) {
	exhausted := 0
	for seed := range uint64(2000) {
		g := newGenerator(seed)
		s := g.scenario()
		g.ask(s)
		whole, known := s.policies.newQuery(&s.request)
		if !known {
			continue
		}
		f := s.policies.facts(&whole)
		right, _ := f.decide()
		for range 20 {
			q, _ := s.policies.newQuery(&s.request)
			q.meter = meter{left: g.IntN(1 << g.IntN(14)), rest: g.IntN(1 << g.IntN(14))}
			f := s.policies.facts(&q)
			got, _ := f.decide()
			switch {
			case f.exhausted:
				exhausted++
				if got == Allowed {
					t.Fatalf("seed %d: exhausted, and allowed", seed)
				}
			case got != right:
				t.Fatalf("seed %d: %v, want %v", seed, got, right)
			}
		}
	}
	if exhausted < 1000 {
		t.Errorf("only %d decisions were exhausted", exhausted)
	}
}
