package differential

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// batch is the number of questions that are sent at once.
const batch = 100

// enough is the number of differences that ends a run.
const enough = 20

// Questions selects Cases questions of a seed, starting with the number First.
type Questions struct{ Seed, First, Cases uint64 }

// Run compares both evaluators, with one driver for each worker, and returns the summary.
// It ends early after many differences.
func Run(ctx context.Context, driver string, masks []*mask, q Questions, workers int) (*Summary, error) {
	numbers := make(chan uint64)
	total := newSummary(q.Seed)
	var together sync.WaitGroup
	var mutex sync.Mutex
	var failed error
	for range workers {
		together.Go(func() {
			w := worker{seed: q.Seed, library: library{}, masks: masks, summary: newSummary(q.Seed)}
			err := w.run(ctx, driver, numbers, q.First+q.Cases)
			mutex.Lock()
			defer mutex.Unlock()
			failed = errors.Join(failed, err)
			total.add(w.summary)
		})
	}
	for number := q.First; number < q.First+q.Cases; number += batch {
		numbers <- number
	}
	close(numbers)
	together.Wait()
	return total, failed
}

// worker compares batches of questions.
type worker struct {
	seed    uint64
	library library
	masks   []*mask
	driver  *Driver
	summary *Summary
}

// run processes batches until there are no more. After a failure it discards them, so that
// the other workers can end.
func (w *worker) run(ctx context.Context, driver string, numbers <-chan uint64, end uint64) error {
	var failed error
	if w.driver, failed = Start(ctx, driver); failed == nil {
		defer w.driver.Close()
	}
	for number := range numbers {
		if failed == nil && len(w.summary.Differences) < enough {
			failed = w.batch(number, min(number+batch, end))
		}
	}
	return failed
}

// batch compares the questions from one number up to another. Both evaluators work at the
// same time.
func (w *worker) batch(from, to uint64) error {
	var cases []*Case
	for number := from; number < to; number++ {
		cases = append(cases, Generate(w.seed, number))
	}
	if err := w.driver.Send(cases); err != nil {
		return err
	}
	verdicts := make([]verdict, len(cases))
	for i, k := range cases {
		var err error
		if verdicts[i], err = w.decide(k); err != nil {
			return fmt.Errorf("question %d of seed %d: %w", from+uint64(i), w.seed, err)
		}
		w.summary.reach(k)
		if (from+uint64(i))%sample == 0 {
			w.summary.probe(k, w.library)
		}
		w.summary.Decisions[verdicts[i].plain]++
	}
	answers, err := w.driver.Receive(len(cases))
	if err != nil {
		return err
	}
	for i, k := range cases {
		if err := w.compare(k, &verdicts[i], answers[i], from+uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

// verdict contains iam's decisions about a case and about the rewritten case.
type verdict struct {
	plain, masked string
	applied       map[*mask]bool
}

func (w *worker) decide(k *Case) (verdict, error) {
	plain, err := w.library.decide(k)
	if err != nil {
		return verdict{}, err
	}
	read, applied, err := w.library.rewrite(k, w.masks)
	if err != nil || len(applied) == 0 {
		return verdict{plain.String(), plain.String(), applied}, err
	}
	masked, err := w.library.decide(read)
	return verdict{plain.String(), masked.String(), applied}, err
}

// compare records the result of a question. The other evaluator's answer must be iam's
// decision about the rewritten question.
func (w *worker) compare(k *Case, v *verdict, theirs string, number uint64) error {
	w.summary.Cases++
	for m := range v.applied {
		w.summary.Rewritten[m.name]++
	}
	if theirs != v.masked {
		small, answer, err := w.shrink(k, theirs)
		w.summary.Differences = append(w.summary.Differences, w.difference(small, number, answer, err))
		return nil
	}
	if theirs == v.plain {
		return nil
	}
	w.summary.Explained++
	for m := range w.needed(k, v.applied, theirs) {
		w.summary.Masks[m.name]++
	}
	return nil
}

// needed returns the fewest masks that explain an answer: a single one if one suffices,
// otherwise those of the applied ones that cannot be left out.
func (w *worker) needed(k *Case, applied map[*mask]bool, theirs string) map[*mask]bool {
	without := map[*mask]bool{}
	for m := range applied {
		without[m] = true
	}
	for _, m := range w.masks {
		if applied[m] && w.explains(k, w.chosen(map[*mask]bool{m: true}), theirs) {
			return map[*mask]bool{m: true}
		}
	}
	for _, m := range w.masks {
		if !applied[m] {
			continue
		}
		delete(without, m)
		if !w.explains(k, w.chosen(without), theirs) {
			without[m] = true
		}
	}
	return without
}

// chosen returns masks in the order of the table.
func (w *worker) chosen(among map[*mask]bool) (chosen []*mask) {
	for _, m := range w.masks {
		if among[m] {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

// explains reports whether iam gives the answer once the masks are applied.
func (w *worker) explains(k *Case, by []*mask, theirs string) bool {
	read, _, err := w.library.rewrite(k, by)
	if err != nil {
		return false
	}
	decision, err := w.library.decide(read)
	return err == nil && decision.String() == theirs
}
