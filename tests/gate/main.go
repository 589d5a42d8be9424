// Command gate is `make test`: it runs every check of the repository, one
// stage after the other, and sums up what ran, what failed, what could not run here and
// what is left to .ci/run.
//
// First everything that tests need is downloaded and built. Every stage runs, whatever
// became of those before it, under a time limit of its own; when one ends, no process
// and no temporary file of it is left. The exit code is 0 if nothing failed. Where
// CI=true is set, a check that could not run is a failure too. The last line is
// "N passed, N failed, N skipped".
//
//	main.go         all stages, and the end
//	stages.go       the table of stages
//	prepare.go      stages that download and build
//	tools.go        stages that run one tool over a module
//	gotest.go       stages that run Go tests
//	events.go       what `go test -json` says
//	command.go      one command, and the temporary files of a stage
//	sweep_linux.go  ends what a stage left running
//	sweep_other.go  and where that cannot be found
//	outcome.go      the result of a stage, and the summary
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"extauthz/tests/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := adopt(); err != nil {
		fmt.Fprintln(os.Stderr, "gate: what a stage leaves running will not be ended:", err)
	}
	os.Setenv("CGO_ENABLED", "0") // so that each package is compiled once; the race detector's apart
	g := &gate{root: stack.Root(), out: os.Stdout, ci: os.Getenv("CI") == "true"}
	if g.run(ctx) {
		os.Exit(1)
	}
}

// run runs every stage and reports whether any failed.
func (g *gate) run(ctx context.Context) (failed bool) {
	var results []result
	for _, s := range g.stages() {
		fmt.Fprintf(g.out, "\n== %s (at most %s)\n", s.name, s.limit())
		r := g.stage(ctx, s)
		results = append(results, r)
		fmt.Fprintf(g.out, "== %s: %s\n", s.name, r.line())
	}
	return summarize(g.out, results)
}

// stage runs one stage, and leaves nothing of it behind.
func (g *gate) stage(ctx context.Context, s stage) result {
	began, before := time.Now(), cpu()
	clean, err := scratch()
	if err != nil {
		return result{s.name, 0, 0, of(err)}
	}
	o := s.within(ctx)
	clean()
	o.judge(g.ci)
	return result{s.name, time.Since(began), cpu() - before, o}
}

// cpu is the processor time of all programs that have ended.
func cpu() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used) // cannot fail
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
