package formats

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"extauthz/iam"
	"extauthz/policystore"
)

// Worlds describes the worlds of a run: their seed, first number, and number of questions.
type Worlds struct {
	Seed, First, Count uint64
	Questions          int
}

// enough is the number of disagreements that ends a run.
const enough = 20

// Summary is the result of a run.
type Summary struct {
	Worlds, Questions int            // each question counts once, not once for each form
	Answers           int            // of all forms together
	Decisions         map[string]int // number of questions by decision
	Features          map[string]int // classes of policies that applied, and kinds of callers
	Disagreements     []string
}

// Run compares the forms of worlds with each other and with the world itself.
func Run(w Worlds, workers int) (*Summary, error) {
	numbers := make(chan uint64)
	total := &Summary{Decisions: map[string]int{}, Features: map[string]int{}}
	var failed error
	var mutex sync.Mutex
	var together sync.WaitGroup
	for range workers {
		together.Go(func() {
			for number := range numbers {
				part, err := compare(w.Seed, number, w.Questions)
				mutex.Lock()
				failed = errors.Join(failed, err)
				total.add(part)
				mutex.Unlock()
			}
		})
	}
	for number := w.First; number < w.First+w.Count; number++ {
		mutex.Lock()
		end := failed != nil || len(total.Disagreements) > enough
		mutex.Unlock()
		if end {
			break
		}
		numbers <- number
	}
	close(numbers)
	together.Wait()
	return total, failed
}

func (s *Summary) add(part *Summary) {
	s.Worlds += part.Worlds
	s.Questions += part.Questions
	s.Answers += part.Answers
	s.Disagreements = append(s.Disagreements, part.Disagreements...)
	for name, n := range part.Decisions {
		s.Decisions[name] += n
	}
	for name, n := range part.Features {
		s.Features[name] += n
	}
}

// String returns the summary in a few lines.
func (s *Summary) String() string {
	lines := []string{fmt.Sprintf("%d worlds, %d questions, %d answers, %d disagreements", s.Worlds, s.Questions, s.Answers, len(s.Disagreements))}
	for _, counts := range []map[string]int{s.Decisions, s.Features} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			lines = append(lines, fmt.Sprintf("%9d %s", counts[name], name))
		}
	}
	return strings.Join(append(lines, s.Disagreements...), "\n")
}

// compare loads all forms of a world and decides all questions with each.
func compare(seed, number uint64, questions int) (*Summary, error) {
	part := &Summary{Worlds: 1, Decisions: map[string]int{}, Features: map[string]int{}}
	differ := func(format string, args ...any) {
		part.Disagreements = append(part.Disagreements, fmt.Sprintf("world %d of seed %d: ", number, seed)+fmt.Sprintf(format, args...))
	}
	w := Generate(seed, number, questions)
	forms := w.forms(rand.New(rand.NewPCG(seed, number+1<<32)))
	snapshots := map[string]*policystore.Snapshot{}
	for i := range forms {
		f := &forms[i]
		s, err := f.open()
		if err != nil {
			return part, fmt.Errorf("world %d of seed %d: %w", number, seed, err)
		}
		snapshots[f.name] = s
		if first := snapshots[forms[0].name]; attached(first) != attached(s) {
			differ("%s has attached\n%s\nand %s\n%s", forms[0].name, attached(first), f.name, attached(s))
		}
		if f.like != "" && s.Digest != snapshots[f.like].Digest {
			differ("%s has the digest %s, and %s %s", f.like, snapshots[f.like].Digest, f.name, s.Digest)
		}
	}
	slow := &twin{w, map[string]*iam.Policy{}}
	for i := range w.Questions {
		q := &w.Questions[i]
		want, err := slow.answer(q)
		if err != nil {
			return part, fmt.Errorf("world %d of seed %d: %w", number, seed, err)
		}
		part.count(q, want)
		for name, s := range snapshots {
			part.Answers++
			if got, err := decide(s, q); err != nil || got != want {
				differ("question %d, %s to %s by %v\n%-30s %s, error %v\n%-30s %s", i, q.Action, q.Resource, q.Caller.Principal, name, got, err, "want", want)
			}
		}
	}
	return part, nil
}

// count counts what a question covered.
func (s *Summary) count(q *Question, answer string) {
	s.Questions++
	decision, _, _ := strings.Cut(answer, " ")
	s.Decisions[decision]++
	s.Features["caller "+q.Caller.Principal.Kind.String()]++
	for class := iam.IdentityClass; class <= iam.RCPClass; class++ {
		if strings.Contains(answer, `"`+class.String()+" ") {
			s.Features["applies: "+class.String()]++
		}
	}
}
