package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
	"extauthz/tests/stack"
)

// A bench is a run of the benchmark.
type bench struct {
	ctx      context.Context
	out      io.Writer // progress
	dir      string    // for sockets, logs and policies; removed at the end
	random   *rand.Rand
	sequence workload.Sequence // of all checks
	callers  *workload.Callers
	programs []*program
	opa      *program                      // OPA-Envoy; nil if it is not measured
	only     *regexp.Regexp                // workloads that are measured
	written  map[string]*workload.Policies // policy directories, by their folder
	servers  []*server                     // those that run

	collector *httptest.Server // of traces

	rounds int
	slot   time.Duration // of a closed loop
	checks int           // distinct checks
	run    *result.Run
}

// newBench prepares a run. Close ends what it started.
func newBench(ctx context.Context, o *options, out io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp("", "extauthz-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{
		ctx: ctx, out: out, dir: dir, random: newRandom(o.seed), written: map[string]*workload.Policies{},
		collector: newCollector(), only: o.only, rounds: 9, slot: 500 * time.Millisecond, checks: 2048,
		run: &result.Run{
			Date: time.Now().UTC().Truncate(time.Second), Commit: commit(), Before: o.before, Quick: o.quick, Seed: o.seed,
			Go: runtime.Version(), System: system(),
		},
	}
	if o.quick {
		b.rounds, b.slot = 5, 250*time.Millisecond
	}
	if o.instant {
		b.rounds, b.slot, b.checks = 1, 20*time.Millisecond, 256
	}
	if o.rounds > 0 {
		b.rounds = o.rounds
	}
	if b.callers, err = workload.NewCallers(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.build(o); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close ends all servers and removes the files.
func (b *bench) Close() error {
	defer b.collector.Close()
	return errors.Join(b.stopServers(), os.RemoveAll(b.dir))
}

// stopServers ends all servers.
func (b *bench) stopServers() error {
	var errs []error
	for _, s := range b.servers {
		errs = append(errs, s.stop())
	}
	b.servers = nil
	return errors.Join(errs...)
}

// start starts a server with a policy directory. Close ends it.
func (b *bench) start(p *program, folder string, with setting) (*server, error) {
	s, err := p.start(b.dir, folder, with)
	if s != nil && s.process != nil {
		b.servers = append(b.servers, s)
	}
	return s, err
}

// folder returns the directory of policies.
func (b *bench) folder(p *workload.Policies) string {
	return filepath.Join(b.dir, fmt.Sprintf("policies-%s-%d", strings.ReplaceAll(string(p.Shape), " ", "-"), p.Statements))
}

// policies returns policies of a shape, after writing their directory.
func (b *bench) policies(shape workload.Shape, statements int) (*workload.Policies, error) {
	p := workload.NewPolicies(shape, statements)
	folder := b.folder(p)
	if written := b.written[folder]; written != nil {
		return written, nil
	}
	b.written[folder] = p
	return p, p.Write(folder, b.callers)
}

// wanted reports whether a workload is measured.
func (b *bench) wanted(workload string) bool { return b.only.MatchString(workload) }

// measureAll measures everything that is wanted. A quick run leaves out what takes long.
func (b *bench) measureAll() error {
	parts := []func() error{b.compareServers, b.compareEnvoy, b.measureReload, b.measureStart, b.measureGrowth, b.measureProfiles}
	if b.run.Quick {
		parts = parts[:1]
	}
	for _, part := range parts {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.out, format+"\n", args...)
}

// commit returns the commit of the checkout, and whether files differ from it.
func commit() string {
	out, err := exec.Command("git", "-C", stack.Root(), "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown" // an unpacked archive, say
	}
	return strings.TrimSpace(string(out))
}

// system describes the machine.
func system() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease") // exists on Linux
	return fmt.Sprintf("%s/%s %s, %d processors", runtime.GOOS, runtime.GOARCH, strings.TrimSpace(string(release)), runtime.NumCPU())
}
