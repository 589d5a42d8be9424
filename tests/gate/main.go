// Command gate is `make test`: it runs every check of the repository, one
// stage after the other, and sums up what ran and what could not run here.
//
// Every stage runs, whatever became of those before it, under a time limit of
// its own. The exit code is 0 if nothing failed. Where CI=true is set, a check
// that could not run is a failure too. The last line is
// "N passed, N failed, N skipped".
//
//	main.go      all stages, and the end
//	stages.go    the table of stages
//	tools.go     stages that run one tool over a module
//	gotest.go    stages that run Go tests
//	events.go    what `go test -json` says
//	command.go   one command under a time limit
//	outcome.go   what became of a stage, and the summary
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

// limit is the time that all stages together may take.
const limit = 40 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	g := &gate{root: stack.Root(), out: os.Stdout, ci: os.Getenv("CI") == "true"}
	var err error
	if g.bin, err = os.MkdirTemp("", "extauthz-gate-"); err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		os.Exit(1)
	}
	failed := g.run(ctx)
	os.RemoveAll(g.bin)
	if failed {
		os.Exit(1)
	}
}

// run runs every stage and reports whether any failed.
func (g *gate) run(ctx context.Context) (failed bool) {
	var results []result
	for _, s := range g.stages() {
		fmt.Fprintf(g.out, "\n== %s (at most %s)\n", s.name, s.limit)
		began := time.Now()
		o := s.within(ctx)
		o.judge(g.ci)
		results = append(results, result{s.name, time.Since(began), o})
		fmt.Fprintf(g.out, "== %s: %s\n", s.name, o.line())
	}
	return summarize(g.out, results)
}
