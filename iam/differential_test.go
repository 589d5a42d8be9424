package iam

import (
	"slices"
	"strings"
	"testing"
)

// requests is how many requests each set of policies decides.
const requests = 20

// compareWithTwin decides the requests of a seed with both evaluators and counts their
// decisions.
func compareWithTwin(t *testing.T, seed uint64, decided map[Decision]int) *scenario {
	t.Helper()
	g := newGenerator(seed)
	s := g.scenario()
	for range requests {
		g.nextRequest(s)
		got := s.policies.Evaluate(&s.request)
		decided[got]++
		if want := s.twin.decide(); got != want {
			t.Fatalf("seed %d: %v, twin %v\n%s\n%+v on %s by %+v\nwith %+v\nowner %q, management %q", seed, got, want, strings.Join(s.texts, "\n"),
				s.request.Action, s.request.Resource, s.request.Principal, s.request.Context, s.policies.ResourceAccount, s.policies.ManagementAccount)
		}
		blocked := got != Allowed && s.request.Principal.Kind != UnknownPrincipal
		e := s.policies.Explain(&s.request)
		if e.Decision != got || (e.BlockedBy != NoClass) != blocked {
			t.Fatalf("seed %d: explained as %v blocked by %v, decided %v", seed, e.Decision, e.BlockedBy, got)
		}
		if m := s.policies.ExplainMatched(&s.request); m.Ruling != e.Ruling || !slices.Equal(m.Matched, e.Matched) {
			t.Fatalf("seed %d: ExplainMatched returns %+v, Explain %+v", seed, m, e)
		}
	}
	return s
}

func TestAgainstTwin(t *testing.T) {
	const seeds = 1000
	decided := map[Decision]int{}
	operators := map[string]bool{}
	for seed := range uint64(seeds) {
		operators[compareWithTwin(t, seed, decided).base] = true
	}
	for _, d := range []Decision{Allowed, ExplicitDeny, ImplicitDeny} {
		if decided[d] < seeds*requests/10 {
			t.Errorf("only %d of %d requests are decided as %v", decided[d], seeds*requests, d)
		}
	}
	if len(operators) != len(someOperators) {
		t.Errorf("%d operators of %d", len(operators), len(someOperators))
	}
}

func FuzzAgainstTwin(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { compareWithTwin(t, seed, map[Decision]int{}) })
}
