package router

import (
	"context"
	"errors"
	"sync"

	"extauthz/mapping"
)

// batch is how many requests a worker takes at once.
const batch = 1000

// Inputs selects Count requests of a seed, starting with the number First.
type Inputs struct {
	Seed, First, Count uint64
	Refused            uint64 // one in this many refused requests is also sent to the registry
	Enough             int    // disagreements that end a worker's part
}

// Run compares a mapping with registries, one for each worker, and returns the summary.
func Run(ctx context.Context, mapper Mapper, inputs Inputs, workers int) (*Summary, error) {
	numbers := make(chan uint64)
	total := newSummary(inputs)
	var failed error
	var mutex sync.Mutex
	var together sync.WaitGroup
	for range workers {
		together.Go(func() {
			part, err := work(ctx, mapper, inputs, numbers)
			mutex.Lock()
			defer mutex.Unlock()
			failed = errors.Join(failed, err)
			total.add(part)
		})
	}
	for number := inputs.First; number < inputs.First+inputs.Count; number += batch {
		numbers <- number
	}
	close(numbers)
	together.Wait()
	return total, failed
}

// work processes batches until there are no more. After a failure, or when enough
// has been found, it takes them without comparing.
func work(ctx context.Context, mapper Mapper, inputs Inputs, numbers <-chan uint64) (*Summary, error) {
	s := newSummary(inputs)
	registry, failed := NewRegistry(ctx)
	generator, err := NewGenerator(ctx, inputs.Seed)
	failed = errors.Join(failed, err)
	for from := range numbers {
		for number := from; number < min(from+batch, inputs.First+inputs.Count) && failed == nil && len(s.Disagreements) < inputs.Enough; number++ {
			request := generator.Request(number)
			s.count(number, request, Compare(mapper, registry, request, number%inputs.Refused == 0))
		}
	}
	return s, failed
}

// operations are all that a mapping can have.
func operations() (all []mapping.Operation) {
	for o := mapping.CheckAPI; o <= mapping.Catalog; o++ {
		all = append(all, o)
	}
	return all
}
