package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
)

// The workloads of a reload.
const (
	steady   = "2,000 a second"
	swapping = "2,000 a second, reloads"
)

const (
	swapEvery  = 500 * time.Millisecond
	pollEvery  = 5 * time.Millisecond
	swapLimit  = 30 * time.Second // for a change to be in force, on a busy machine
	turningOne = 0                // the repository whose policy changes; the most frequent one
)

// A snapshot is what the sidecar reports about its policies.
type snapshot struct {
	Digest     string
	Generation uint64
	LoadedAt   time.Time
}

func (s *server) snapshot(ctx context.Context) (v snapshot, err error) {
	text, err := get(ctx, http.DefaultClient, s.admin+"/snapshot")
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(text), &v)
}

// A turning is a repository that is open or closed. Its policy changes while checks are sent.
type turning struct {
	mu      sync.Mutex // of what follows
	changes []turn
	answers []turningAnswer
}

// A turn is a change of the policy. The answer changed at some time between written, when the
// file was about to be written, and inForce, when the sidecar had reported the new policies.
type turn struct {
	open             bool
	written, inForce time.Time
}

// A turningAnswer is an answer about the repository.
type turningAnswer struct {
	sent, received time.Time
	allowed        bool
}

// judge accepts answers about the repository for now, and compares others.
func (t *turning) judge(c *workload.Check, allowed bool, sent time.Time) bool {
	if c.Repository != turningOne || !c.Allowed {
		return allowed == c.Allowed
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers = append(t.answers, turningAnswer{sent, time.Now(), allowed})
	return true
}

// wrong returns how many answers were neither those of the policy in force when the check was
// sent nor those of a later policy that was written before the answer.
func (t *turning) wrong() (n int) {
	for _, a := range t.answers {
		right := false
		for i, change := range t.changes {
			replaced := i+1 < len(t.changes) && t.changes[i+1].inForce.Before(a.sent)
			right = right || change.open == a.allowed && change.written.Before(a.received) && !replaced
		}
		if !right {
			n++
		}
	}
	return n
}

// measureReload compares latencies while nothing changes with those while a file changes twice
// a second. No answer may be wrong or lost.
func (b *bench) measureReload() error {
	if !b.wanted(steady) && !b.wanted(swapping) {
		return nil
	}
	for _, p := range b.programs {
		if !p.decides {
			continue
		}
		if err := b.reload(p); err != nil {
			return fmt.Errorf("reload, %s: %w", p.name, err)
		}
	}
	return nil
}

// A reloading is a sidecar with a policy directory of its own.
type reloading struct {
	server   *server
	folder   string
	policies *workload.Policies
	checks   []workload.Check
}

// reload measures one sidecar.
func (b *bench) reload(p *program) (err error) {
	r := &reloading{folder: filepath.Join(b.dir, "reload-"+p.name), policies: workload.NewPolicies(workload.Spread, usualStatements)}
	if err := r.policies.Write(r.folder, b.callers); err != nil {
		return err
	}
	if r.server, err = b.start(p, r.folder, withoutLog); err != nil {
		return err
	}
	if r.checks, err = b.traffic(r.policies, workload.Certificate).Generate(); err != nil {
		return err
	}
	for round := range b.rounds {
		b.progress("reload, %s, round %d of %d", p.name, round+1, b.rounds)
		for _, name := range []string{steady, swapping} {
			if err := b.reloadOnce(r, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// reloadOnce sends 2,000 checks a second, while the repository's policy changes or not.
func (b *bench) reloadOnce(r *reloading, name string) error {
	t := &turning{changes: []turn{{open: true}}}
	var swaps error
	tally, _, err := b.use(r.server, func(ctx context.Context, client *drive.Client) *drive.Tally {
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			if name == swapping {
				swaps = b.swapUntil(stop, r, t)
			}
		}()
		tally := client.Open(ctx, &drive.Load{Checks: r.checks, Judge: t.judge}, openRate, 8*b.slot, b.random.Uint64())
		close(stop)
		<-done
		return tally
	}, &drive.Load{Checks: r.checks})
	if tally != nil {
		tally.Wrong += t.wrong()
		err = errors.Join(err, tally.Err())
	}
	if err = errors.Join(err, swaps); err != nil {
		return err
	}
	b.run.Add(name, r.server.name, result.P50, micros(tally.Latency.Quantile(0.5)))
	b.run.Add(name, r.server.name, result.P99, micros(tally.Latency.Quantile(0.99)))
	return nil
}

// swapUntil closes and opens the repository until stop is closed, and leaves it open.
func (b *bench) swapUntil(stop <-chan struct{}, r *reloading, t *turning) error {
	for open := false; ; open = !open {
		change, took, err := b.swap(r.server, r.folder, r.policies, open)
		if err != nil {
			return err
		}
		b.run.Add(swapping, r.server.name, result.InForce, millis(took))
		t.mu.Lock()
		t.changes = append(t.changes, change)
		t.mu.Unlock()
		select {
		case <-stop:
			if open {
				return nil
			}
		case <-time.After(swapEvery):
		}
	}
}

// swap opens or closes the repository, and waits until that is in force. It returns how long
// that took.
func (b *bench) swap(s *server, folder string, policies *workload.Policies, open bool) (turn, time.Duration, error) {
	earlier, err := s.snapshot(b.ctx)
	if err != nil {
		return turn{}, 0, err
	}
	text := policies.RepositoryPolicy(turningOne)
	if !open {
		text = policies.RepositoryPolicy(turningOne, workload.DenyAll)
	}
	change := turn{open: open, written: time.Now()}
	if err := replaceFile(filepath.Join(folder, policies.PolicyFile(turningOne)), text); err != nil {
		return turn{}, 0, err
	}
	for time.Since(change.written) < swapLimit {
		now, err := s.snapshot(b.ctx)
		if err != nil {
			return turn{}, 0, err
		}
		if now.Generation != earlier.Generation {
			change.inForce = time.Now()
			return change, now.LoadedAt.Sub(change.written), nil
		}
		time.Sleep(pollEvery)
	}
	return turn{}, 0, fmt.Errorf("a change was not in force within %s", swapLimit)
}

// replaceFile replaces a file by renaming, as editors and git do.
func replaceFile(file, text string) error {
	temporary := filepath.Join(filepath.Dir(file), ".new")
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}
