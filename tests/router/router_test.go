package router

import (
	"flag"
	"runtime"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

var (
	inputs = flag.Uint64("inputs", 200_000, "`number` of requests")
	seed   = flag.Uint64("seed", 1, "`seed` of the requests")
	first  = flag.Uint64("first", 0, "`number` of the first request")
)

// TestRouter compares the mapping with the registry.
func TestRouter(t *testing.T) {
	s, err := Run(t.Context(), Standard(), Inputs{Seed: *seed, First: *first, Count: *inputs, Refused: 32, Enough: 20}, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", s)
	if len(s.Disagreements) > 0 {
		t.Errorf("%d disagreements", len(s.Disagreements))
	}
	if s.Requests >= 200_000 {
		isReached(t, s)
	}
}

// TestECRNames compares the mapping with the registry on a tenth of the requests,
// with ECR's rules, which refuse names that the registry accepts.
func TestECRNames(t *testing.T) {
	s, err := Run(t.Context(), ECRNames(), Inputs{Seed: *seed, First: *first, Count: (*inputs + 9) / 10, Refused: 32, Enough: 20}, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", s)
	if len(s.Disagreements) > 0 {
		t.Errorf("%d disagreements", len(s.Disagreements))
	}
}

// isReached checks that the requests covered everything.
func isReached(t *testing.T, s *Summary) {
	t.Helper()
	for _, o := range operations() {
		if s.Mapped[o] < s.Requests/1000 {
			t.Errorf("%d of %d requests were mapped to %s, want a thousandth", s.Mapped[o], s.Requests, o)
		}
	}
	for k := range kinds {
		if s.Effects[k] < s.Requests/1000 {
			t.Errorf("the registry did %q for %d of %d requests, want a thousandth", k, s.Effects[k], s.Requests)
		}
	}
	if s.Refused < s.Requests/4 || s.Prevented < s.Sent/10 {
		t.Errorf("%d of %d requests were refused, want a quarter; of %d of these the registry would have acted on %d, want a tenth",
			s.Refused, s.Requests, s.Sent, s.Prevented)
	}
}

// BenchmarkCompare is what one request costs on both sides.
func BenchmarkCompare(b *testing.B) {
	b.ReportAllocs()
	registry, err := NewRegistry(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	generator, err := NewGenerator(b.Context(), 1)
	if err != nil {
		b.Fatal(err)
	}
	mapper := Standard()
	for n := uint64(0); b.Loop(); n++ {
		Compare(mapper, registry, generator.Request(n), false)
	}
}
