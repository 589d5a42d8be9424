package router

import (
	"fmt"
	"strings"

	"extauthz/mapping"
)

// Summary is the result of a run.
type Summary struct {
	Inputs        Inputs
	Requests      int
	Mapped        map[mapping.Operation]int
	Effects       map[Kind]int // of mapped requests: how many requests had it
	Refused       int          // by the mapping
	Prevented     int          // refused requests, of those sent anyway, that the registry would have acted on
	Sent          int          // refused requests that were sent to the registry anyway
	Disagreements []string
}

func newSummary(inputs Inputs) *Summary {
	return &Summary{Inputs: inputs, Mapped: map[mapping.Operation]int{}, Effects: map[Kind]int{}}
}

// count takes in what came of one request.
func (s *Summary) count(number uint64, r *Request, c Comparison) {
	s.Requests++
	switch {
	case c.Operation != mapping.Unsupported:
		s.Mapped[c.Operation]++
		s.effects(c.Effects)
	case number%s.Inputs.Refused == 0:
		s.Refused++
		s.Sent++
		if len(c.Effects) > 0 {
			s.Prevented++
		}
	default:
		s.Refused++
	}
	if c.Wrong != "" {
		s.Disagreements = append(s.Disagreements, fmt.Sprintf("number %d: %s\n%s", number, c.Wrong, r))
	}
}

// effects counts every kind among the effects once.
func (s *Summary) effects(effects []Effect) {
	var seen [kinds]bool
	for _, e := range effects {
		if !seen[e.Kind] {
			seen[e.Kind] = true
			s.Effects[e.Kind]++
		}
	}
}

// add adds another worker's part.
func (s *Summary) add(other *Summary) {
	s.Requests += other.Requests
	s.Refused += other.Refused
	s.Prevented += other.Prevented
	s.Sent += other.Sent
	for o, n := range other.Mapped {
		s.Mapped[o] += n
	}
	for k, n := range other.Effects {
		s.Effects[k] += n
	}
	s.Disagreements = append(s.Disagreements, other.Disagreements...)
}

// String describes what the run covered and found.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests with seed %d\n\n", s.Requests, s.Inputs.Seed)
	fmt.Fprintf(&b, "%10d refused; of %d of these that the registry was sent anyway it would have acted on %d\n", s.Refused, s.Sent, s.Prevented)
	for _, o := range operations() {
		fmt.Fprintf(&b, "%10d mapped to %s\n", s.Mapped[o], o)
	}
	fmt.Fprintf(&b, "\nwhat the registry did, of what was mapped:\n")
	for k := range kinds {
		fmt.Fprintf(&b, "%10d %s\n", s.Effects[k], k)
	}
	fmt.Fprintf(&b, "\n%d disagreements\n", len(s.Disagreements))
	for _, d := range s.Disagreements {
		fmt.Fprintf(&b, "\n%s\n", d)
	}
	return b.String()
}
