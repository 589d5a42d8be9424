// Command runchecks is `make test`: it runs every check of the repository and summarizes
// what ran, what failed, what could not run here and what is left to .ci/run.
//
// A check is called a stage. The first stages download and compile; then two lanes of
// stages run next to each other, because the stages of one mostly compute and those of the
// other mostly wait. Every stage runs, even if others failed. It is a process of its own
// with a time limit, and leaves no process and no temporary file behind. Each line that it
// prints begins with its name.
//
// The exit code is 0 if nothing failed. Where CI=true is set, a check that could not run is
// a failure, too. The last line is "N passed, N failed, N skipped".
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"extauthz/tests/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := adopt(); err != nil {
		fmt.Fprintln(os.Stderr, "runchecks: processes that a stage leaves behind will not be ended:", err)
	}
	c := &checks{root: stack.Root(), out: os.Stdout}
	if len(os.Args) > 1 { // started by start
		os.Exit(perform(ctx, c.plan(), os.Args[1:]))
	}
	os.Setenv("CGO_ENABLED", "0") // so that packages are compiled once, except with the race detector
	r := &runner{out: os.Stdout, ci: os.Getenv("CI") == "true"}
	if r.run(ctx, c.plan()) {
		os.Exit(1)
	}
}

// run runs all stages and reports whether any failed.
func (r *runner) run(ctx context.Context, p plan) (failed bool) {
	began := time.Now()
	results := r.sequence(ctx, p.first, nil)
	lanes := make([][]result, len(p.lanes))
	var running sync.WaitGroup
	for i, lane := range p.lanes {
		running.Go(func() { lanes[i] = r.sequence(ctx, lane, results) })
	}
	running.Wait()
	sweep() // after stages that were killed
	return summarize(r.out, slices.Concat(results, slices.Concat(lanes...)), time.Since(began))
}

// sequence runs stages one after the other. The results of the preparation say what is
// missing on this machine.
func (r *runner) sequence(ctx context.Context, stages []stage, preparation []result) (results []result) {
	for _, s := range stages {
		results = append(results, r.start(ctx, s, preparation))
	}
	return results
}
