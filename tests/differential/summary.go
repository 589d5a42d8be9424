package differential

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
)

// Summary is the result of a run.
type Summary struct {
	Seed        uint64
	Cases       int
	Decisions   map[string]int // of iam
	Features    map[string]int
	Explained   int            // cases with different decisions that masks explain
	Masks       map[string]int // how many of them each mask was needed for
	Rewritten   map[string]int // how many cases each mask had anything to rewrite in
	Differences []string       // unexplained
}

func newSummary(seed uint64) *Summary {
	return &Summary{Seed: seed, Decisions: map[string]int{}, Features: map[string]int{}, Masks: map[string]int{}, Rewritten: map[string]int{}}
}

// add adds another worker's part.
func (s *Summary) add(other *Summary) {
	s.Cases += other.Cases
	s.Explained += other.Explained
	s.Differences = append(s.Differences, other.Differences...)
	plus(s.Decisions, other.Decisions)
	plus(s.Features, other.Features)
	plus(s.Masks, other.Masks)
	plus(s.Rewritten, other.Rewritten)
}

func plus(sum, other map[string]int) {
	for name, n := range other {
		sum[name] += n
	}
}

// String describes what the run covered, what masks explain, and what remains.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases with seed %d\n\n", s.Cases, s.Seed)
	for _, d := range []iam.Decision{iam.Allowed, iam.ExplicitDeny, iam.ImplicitDeny} {
		fmt.Fprintf(&b, "%9d %v\n", s.Decisions[d.String()], d)
	}
	rarest := slices.MinFunc(Features(), func(a, b string) int { return s.Features[a] - s.Features[b] })
	fmt.Fprintf(&b, "\n%d features, the rarest in %d cases: %s\n", len(Features()), s.Features[rarest], rarest)
	fmt.Fprintf(&b, "\n%d cases decided differently for a known reason:\n", s.Explained)
	for _, name := range slices.SortedFunc(maps.Keys(s.Masks), func(a, b string) int {
		return cmp.Or(s.Masks[b]-s.Masks[a], strings.Compare(a, b))
	}) {
		fmt.Fprintf(&b, "%9d %s\n", s.Masks[name], name)
	}
	fmt.Fprintf(&b, "\n%d cases decided differently for no known reason\n", len(s.Differences))
	for _, d := range s.Differences {
		fmt.Fprintf(&b, "\n%s\n", d)
	}
	return b.String()
}
