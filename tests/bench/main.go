// Command bench measures what the sidecar costs, next to servers that decide nothing.
//
// Its page is README.md in this folder.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"extauthz/tests/bench/result"
	"extauthz/tests/stack"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick   bool
	instant bool
	rounds  int
	seed    uint64
	before  string
	out     string
	compare string
	from    string
	opa     bool
	charts  string
	only    *regexp.Regexp
}

// run measures, prints the tables and draws the charts.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	var older *result.Run
	if o.compare != "" {
		if older, err = result.Read(o.compare); err != nil {
			return err
		}
	}
	r, err := measured(ctx, o, progress)
	if err != nil {
		return err
	}
	if err := r.WriteTables(out); err != nil {
		return err
	}
	if o.charts != "" {
		if err := drawCharts(r, o.charts); err != nil {
			return err
		}
	}
	if older != nil {
		return result.WriteComparison(out, older, r)
	}
	return nil
}

// measured returns the measurements: of a file, or new ones, which it writes to a file.
func measured(ctx context.Context, o *options, progress io.Writer) (r *result.Run, err error) {
	if o.from != "" {
		return result.Read(o.from)
	}
	b, err := newBench(ctx, o, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.measureAll(); err != nil {
		return nil, err
	}
	if err := b.run.Write(o.out); err != nil {
		return nil, err
	}
	b.progress("the measurements are in %s", o.out)
	return b.run, nil
}

// parse parses the flags.
func parse(args []string, usage io.Writer) (*options, error) {
	o, flags := new(options), flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.BoolVar(&o.quick, "quick", false, "take a minute: fewer rounds, and only the comparison of servers")
	flags.BoolVar(&o.instant, "instant", false, "take seconds: one round of a few checks, to test the benchmark itself")
	flags.IntVar(&o.rounds, "rounds", 0, "the number of rounds; 0 is the usual number")
	flags.Uint64Var(&o.seed, "seed", 1, "of all random numbers")
	flags.StringVar(&o.before, "before", "", "a commit whose sidecar is measured too")
	flags.StringVar(&o.out, "out", "", "the file for the measurements (default .cache/bench/DATE.json)")
	flags.StringVar(&o.from, "from", "", "measure nothing: print and draw the measurements of this file")
	flags.StringVar(&o.charts, "charts", "", "a folder to draw the charts into")
	flags.StringVar(&o.compare, "compare", "", "a file of an earlier run to compare with")
	opa := flags.String("opa", "", "true or false: also measure OPA-Envoy with equivalent rules, if it can be downloaded and built (default true in full runs)")
	only := flags.String("only", "", "a regular expression: measure only the workloads that it matches")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	if o.opa, err = strconv.ParseBool(cmp.Or(*opa, strconv.FormatBool(!o.quick && !o.instant))); err != nil {
		return nil, fmt.Errorf("-opa %q: %w; give true or false", *opa, errors.Unwrap(err))
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.out == "" {
		o.out = filepath.Join(stack.Cache(), "bench", time.Now().UTC().Format("2006-01-02T150405")+".json")
	}
	return o, nil
}
