package drive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/tests/bench/stats"
	"extauthz/tests/bench/workload"
)

// A Load is what to send and which answers are right.
type Load struct {
	Checks []workload.Check

	// Fresh gives each check another client's address, so that no decision is in a cache.
	Fresh bool
	// AllowsAll says that the server decides nothing and allows every check.
	AllowsAll bool
	// Judge reports whether an answer that arrived now is right. If it is nil, the check's own
	// answer is right.
	Judge func(c *workload.Check, allowed bool, sent time.Time) bool
}

// right reports whether an answer to a check is right.
func (l *Load) right(c *workload.Check, allowed bool, sent time.Time) bool {
	switch {
	case l.AllowsAll:
		return allowed
	case l.Judge != nil:
		return l.Judge(c, allowed, sent)
	default:
		return allowed == c.Allowed
	}
}

// A Tally is the result of a load.
type Tally struct {
	Checks  int           // answered
	Wrong   int           // answered with another decision than expected
	Lost    int           // not answered
	Took    time.Duration // from the first check to the last answer
	Latency stats.Histogram

	AllowedPulls     int   // answered pulls that were allowed
	AllowedPullBytes int64 // the size of those answers

	FirstError error // of a check without an answer
}

// Err returns an error if an answer was wrong or missing, or if there was no answer.
func (t *Tally) Err() error {
	if t.Wrong == 0 && t.Lost == 0 && t.Checks > 0 {
		return nil
	}
	err := fmt.Errorf("%d answers, %d of them wrong, and %d checks without an answer", t.Checks, t.Wrong, t.Lost)
	return errors.Join(err, t.FirstError)
}

// PullBytes returns the mean size of an answer that allows a pull.
func (t *Tally) PullBytes() float64 {
	if t.AllowedPulls == 0 {
		return 0
	}
	return float64(t.AllowedPullBytes) / float64(t.AllowedPulls)
}

// add adds another tally, except its time.
func (t *Tally) add(other *Tally) {
	t.Checks += other.Checks
	t.Wrong += other.Wrong
	t.Lost += other.Lost
	t.AllowedPulls += other.AllowedPulls
	t.AllowedPullBytes += other.AllowedPullBytes
	t.Latency.Merge(&other.Latency)
	t.FirstError = cmp.Or(t.FirstError, other.FirstError)
}

// one sends a check and counts its answer.
func (c *Client) one(ctx context.Context, connection int, l *Load, check *workload.Check, sender *workload.Sender, t *Tally) {
	message := sender.Prepare(check)
	var a answer
	sent := time.Now()
	if err := c.check(ctx, connection, message, &a); err != nil {
		t.Lost++
		t.FirstError = cmp.Or(t.FirstError, err)
		return
	}
	t.Latency.Add(time.Since(sent))
	t.Checks++
	if !l.right(check, a.allowed, sent) {
		t.Wrong++
	}
	if a.allowed && check.Pull {
		t.AllowedPulls++
		t.AllowedPullBytes += int64(a.size)
	}
}

// Once sends each check once, from streams on each connection.
func (c *Client) Once(ctx context.Context, l *Load, streams int) *Tally {
	var next atomic.Int64
	return c.closed(ctx, l, streams, func(int) int {
		if i := int(next.Add(1)) - 1; i < len(l.Checks) {
			return i
		}
		return -1
	})
}

// Closed sends checks for some time, in a closed loop of streams on each connection.
func (c *Client) Closed(ctx context.Context, l *Load, streams int, duration time.Duration) *Tally {
	deadline := time.Now().Add(duration)
	var next atomic.Int64
	return c.closed(ctx, l, streams, func(int) int {
		if time.Now().After(deadline) {
			return -1
		}
		return int(next.Add(1)-1) % len(l.Checks)
	})
}

// closed runs streams on each connection, each of which sends the check that next returns
// until that is negative.
func (c *Client) closed(ctx context.Context, l *Load, streams int, next func(stream int) int) *Tally {
	total, began := new(Tally), time.Now()
	var wait sync.WaitGroup
	var mu sync.Mutex
	for stream := range streams * len(c.connections) {
		wait.Go(func() {
			t, sender := new(Tally), workload.NewSender(c.sequence, l.Fresh)
			for i := next(stream); i >= 0 && ctx.Err() == nil; i = next(stream) {
				c.one(ctx, stream, l, &l.Checks[i], sender, t)
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(t)
		})
	}
	wait.Wait()
	total.Took = time.Since(began)
	return total
}

// openWorkers is how many checks of an open loop can wait for an answer.
const openWorkers = 4096

// Open sends checks for some time in an open loop, at random times with rate checks per
// second in the mean. A check is sent when its time has come, even if earlier checks have no
// answer.
func (c *Client) Open(ctx context.Context, l *Load, rate float64, duration time.Duration, seed uint64) *Tally {
	total, began := new(Tally), time.Now()
	r := rand.New(rand.NewPCG(seed, 1))
	idle := make(chan *worker, openWorkers)
	var wait sync.WaitGroup
	var all []*worker
	at := began
	for i := 0; ctx.Err() == nil; i++ {
		if at = at.Add(time.Duration(r.ExpFloat64() / rate * float64(time.Second))); at.Sub(began) > duration {
			break
		}
		time.Sleep(time.Until(at))
		w := c.free(idle, &all, l)
		wait.Go(func() {
			c.one(ctx, i, l, &l.Checks[i%len(l.Checks)], w.sender, &w.tally)
			idle <- w
		})
	}
	wait.Wait()
	for _, w := range all {
		total.add(&w.tally)
	}
	total.Took = time.Since(began)
	return total
}

// A worker sends checks of an open loop, one at a time.
type worker struct {
	sender *workload.Sender
	tally  Tally
}

// free returns a worker that sends nothing.
func (c *Client) free(idle chan *worker, all *[]*worker, l *Load) *worker {
	select {
	case w := <-idle:
		return w
	default:
		w := &worker{sender: workload.NewSender(c.sequence, l.Fresh)}
		*all = append(*all, w)
		return w
	}
}
