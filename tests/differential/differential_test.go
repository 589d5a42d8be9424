package differential

import (
	"context"
	"flag"
	"runtime"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"

	"extauthz/tests/prerequisite"
)

var (
	cases = flag.Uint64("cases", 20_000, "`number` of questions")
	seed  = flag.Uint64("seed", 1, "`seed` of the questions")
	first = flag.Uint64("first", 0, "`number` of the first question")
)

// driver is the path of the other evaluator's driver. Without node, npm or a
// network there is none; in CI there has to be.
func driver(t *testing.T) string {
	t.Helper()
	path, err := Install(context.Background())
	prerequisite.Check(t, err)
	return path
}

// TestDifferential compares the two evaluators.
func TestDifferential(t *testing.T) {
	s, err := Run(t.Context(), driver(t), masks(), Questions{*seed, *first, *cases}, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", s)
	if len(s.Differences) > 0 {
		t.Errorf("%d cases are decided differently for no known reason", len(s.Differences))
	}
	if s.Cases >= 20_000 {
		isReached(t, s)
	}
}

// isReached checks that the questions covered everything.
func isReached(t *testing.T, s *Summary) {
	t.Helper()
	for _, d := range []iam.Decision{iam.Allowed, iam.ExplicitDeny, iam.ImplicitDeny} {
		if s.Decisions[d.String()] < s.Cases/8 {
			t.Errorf("%d of %d cases are decided as %v, want an eighth", s.Decisions[d.String()], s.Cases, d)
		}
	}
	for _, name := range Features() {
		if s.Features[name] < s.Cases/5000 {
			t.Errorf("%d of %d cases have the feature %q, want %d", s.Features[name], s.Cases, name, s.Cases/5000)
		}
	}
	for _, m := range masks() {
		if s.Rewritten[m.name] < s.Cases/5000 {
			t.Errorf("the mask %q is tried on %d of %d cases, want %d", m.name, s.Rewritten[m.name], s.Cases, s.Cases/5000)
		}
		if s.Cases >= 200_000 && s.Masks[m.name] == 0 {
			t.Errorf("the mask %q explains nothing: remove it", m.name)
		}
	}
}

// TestDifferencesAreNoticed takes a mask away: what it explains has to turn up
// as differences, made small.
func TestDifferencesAreNoticed(t *testing.T) {
	path := driver(t)
	for _, name := range []string{"unreadable value in a Deny", "federated user without session policy"} {
		var others []*mask
		for _, m := range masks() {
			if m.name != name {
				others = append(others, m)
			}
		}
		s, err := Run(t.Context(), path, others, Questions{Seed: 1, Cases: 400}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Differences) == 0 {
			t.Errorf("no difference without the mask %q", name)
		}
		for _, d := range s.Differences {
			if lines := strings.Count(d, "\n"); lines > 20 {
				t.Errorf("a difference of %d lines without the mask %q, want at most 20", lines, name)
			}
		}
	}
}

// BenchmarkJudge is what iam and the masks cost for one question.
func BenchmarkJudge(b *testing.B) {
	b.ReportAllocs()
	w := worker{library: library{}, masks: masks()}
	for n := uint64(0); b.Loop(); n++ {
		if _, err := w.decide(Generate(1, n)); err != nil {
			b.Fatal(err)
		}
	}
}
