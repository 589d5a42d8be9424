package formats

import (
	"flag"
	"runtime"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"
)

var (
	worlds    = flag.Uint64("worlds", 10, "`number` of worlds")
	questions = flag.Int("questions", 300, "`number` of questions in each")
	seed      = flag.Uint64("seed", 1, "`seed` of the worlds")
	first     = flag.Uint64("first", 0, "`number` of the first world")
)

// TestForms compares the decisions by the same policies in every form.
func TestForms(t *testing.T) {
	s, err := Run(Worlds{*seed, *first, *worlds, *questions}, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", s)
	if len(s.Disagreements) > 0 {
		t.Errorf("%d disagreements", len(s.Disagreements))
	}
	if s.Worlds >= 10 && *questions >= 300 {
		isReached(t, s)
	}
}

// isReached checks that the questions covered everything.
func isReached(t *testing.T, s *Summary) {
	t.Helper()
	for d, least := range map[iam.Decision]int{iam.Allowed: 40, iam.ExplicitDeny: 40, iam.ImplicitDeny: 8} {
		if s.Decisions[d.String()] < s.Questions/least {
			t.Errorf("%d of %d questions were decided as %v, want one in %d", s.Decisions[d.String()], s.Questions, d, least)
		}
	}
	for class := iam.IdentityClass; class <= iam.RCPClass; class++ {
		if n := s.Features["applies: "+class.String()]; n < s.Questions/100 {
			t.Errorf("statements of the class %v applied to %d of %d questions, want a hundredth", class, n, s.Questions)
		}
	}
	for kind := iam.Anonymous; kind <= iam.Service; kind++ {
		if n := s.Features["caller "+kind.String()]; n < s.Questions/100 {
			t.Errorf("%d of %d questions had a caller of the kind %v, want a hundredth", n, s.Questions, kind)
		}
	}
}
