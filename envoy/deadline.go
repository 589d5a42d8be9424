package envoy

import (
	"context"
	"sync"
	"time"
)

// A deadline is the context of one check. It ends when nine tenths of the time to the
// deadline of the call have passed: an answer that waited for a password's hash or an
// issuer's keys must still reach Envoy. After the deadline Envoy answers by itself, and not
// in the registry's format.
//
// Most checks wait for nothing. A deadline therefore starts a timer only when Done is called.
type deadline struct {
	context.Context
	at time.Time // zero if the call has no deadline

	mu     sync.Mutex
	timed  context.Context // nil until Done is called
	cancel context.CancelFunc
}

// newDeadline returns the deadline of a call that arrived at the time now.
func newDeadline(ctx context.Context, now time.Time) *deadline {
	d := &deadline{Context: ctx}
	if at, found := ctx.Deadline(); found {
		d.at = at.Add(-at.Sub(now) / 10)
	}
	return d
}

// Deadline returns the time at which the check must be decided.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, !d.at.IsZero() }

// Done returns a channel that is closed at the deadline, or when the call ends.
func (d *deadline) Done() <-chan struct{} { return d.withTimer().Done() }

// Err returns nil until the channel of Done is closed. Without a timer it compares the time.
func (d *deadline) Err() error {
	d.mu.Lock()
	timed := d.timed
	d.mu.Unlock()
	if timed != nil {
		return timed.Err()
	}
	if err := d.Context.Err(); err != nil {
		return err
	}
	if !d.at.IsZero() && !time.Now().Before(d.at) {
		return d.withTimer().Err()
	}
	return nil
}

func (d *deadline) withTimer() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.cancel = d.Context, func() {}
		if !d.at.IsZero() {
			d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
		}
	}
	return d.timed
}

// stop releases the timer after the check.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		d.cancel()
	}
}
