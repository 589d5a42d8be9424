package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
)

// The workloads of a large directory.
const (
	startup   = "start, 50,000 statements in 20,004 files"
	oneChange = "one of 20,004 files changes"
)

const (
	startRounds = 3
	// settle is how long after a change its CPU time is counted, for work that is done after
	// the policies are in force.
	settle = 300 * time.Millisecond
	// idleTime is how long after the start, without load, memory is measured again: what only the
	// start needs was returned by then.
	idleTime = 2 * time.Second
)

// measureStart starts each server with a large directory, sends a load, and then changes a
// file.
func (b *bench) measureStart() error {
	if !b.wanted(startup) && !b.wanted(oneChange) {
		return nil
	}
	policies := workload.Large()
	folder := filepath.Join(b.dir, "large")
	if err := policies.Write(folder, b.callers); err != nil {
		return err
	}
	checks, err := b.traffic(policies, workload.Certificate).Generate()
	if err != nil {
		return err
	}
	for round := range startRounds {
		for _, i := range b.random.Perm(len(b.programs)) {
			p := b.programs[i]
			b.progress("start, %s, round %d of %d", p.name, round+1, startRounds)
			if err := b.startOnce(p, folder, policies, checks); err != nil {
				return fmt.Errorf("start, %s: %w", p.name, err)
			}
		}
	}
	return nil
}

// startOnce measures one start, and changes after it. The other servers are ended before.
func (b *bench) startOnce(p *program, folder string, policies *workload.Policies, checks []workload.Check) error {
	if err := b.stopServers(); err != nil {
		return err
	}
	began := time.Now()
	s, err := b.start(p, folder, withoutLog)
	if err != nil {
		return err
	}
	ready := time.Since(began)
	used, err := s.cpu()
	if err != nil {
		return err
	}
	started, _, err := s.memory()
	if err != nil {
		return err
	}
	time.Sleep(idleTime)
	idle, _, err := s.memory()
	if err != nil {
		return err
	}
	load := &drive.Load{Checks: checks, AllowsAll: !p.decides}
	if _, _, err := b.use(s, func(ctx context.Context, client *drive.Client) *drive.Tally {
		return client.Closed(ctx, load, streams, b.slot)
	}, load); err != nil {
		return err
	}
	resident, peak, err := s.memory()
	if err != nil {
		return err
	}
	b.run.Add(startup, p.name, result.InForce, millis(ready))
	b.run.Add(startup, p.name, result.TotalCPU, millis(used))
	b.run.Add(startup, p.name, result.Started, mebibytes(started))
	b.run.Add(startup, p.name, result.Idle, mebibytes(idle))
	b.run.Add(startup, p.name, result.Resident, mebibytes(resident))
	b.run.Add(startup, p.name, result.Peak, mebibytes(peak))
	if !p.decides {
		return nil
	}
	for _, open := range []bool{false, true, false, true} {
		if err := b.changeOnce(s, folder, policies, open); err != nil {
			return err
		}
	}
	return nil
}

// changeOnce measures one change of a file.
func (b *bench) changeOnce(s *server, folder string, policies *workload.Policies, open bool) error {
	began, err := s.cpu()
	if err != nil {
		return err
	}
	_, took, err := b.swap(s, folder, policies, open)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	ended, err := s.cpu()
	if err != nil {
		return err
	}
	b.run.Add(oneChange, s.name, result.InForce, millis(took))
	b.run.Add(oneChange, s.name, result.TotalCPU, millis(ended-began))
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
