package envoy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestDeadline checks when a check ends, and that one that waits learns of it.
func TestDeadline(t *testing.T) {
	type end struct {
		after time.Duration // 0 means not within an hour
		err   error
	}
	for _, c := range []struct {
		name    string
		timeout time.Duration // of the call; 0 means none
		cancel  time.Duration // when the call is cancelled; 0 means never
		want    end
	}{
		{"nine tenths of the time of the call", 10 * time.Second, 0, end{9 * time.Second, context.DeadlineExceeded}},
		{"a call that is cancelled before", 10 * time.Second, 4 * time.Second, end{4 * time.Second, context.Canceled}},
		{"a call without a deadline", 0, 0, end{}},
		{"a call without a deadline that is cancelled", 0, time.Second, end{time.Second, context.Canceled}},
	} {
		for _, waits := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					call, cancel := context.WithCancel(t.Context())
					defer cancel()
					if c.timeout > 0 {
						var stop context.CancelFunc
						call, stop = context.WithTimeout(call, c.timeout)
						defer stop()
					}
					if c.cancel > 0 {
						time.AfterFunc(c.cancel, cancel)
					}
					start := time.Now()
					d := newDeadline(call, start)
					defer d.stop()
					if at, found := d.Deadline(); found != (c.timeout > 0) || found && at != start.Add(c.timeout/10*9) {
						t.Errorf("deadline %v, %t", at.Sub(start), found)
					}
					if got := waitFor(d, waits); got.after != c.want.after || !errors.Is(got.err, c.want.err) {
						t.Errorf("waits: %t: ended %v, want %v", waits, got, c.want)
					}
				})
			})
		}
	}
}

// waitFor returns when a context ends, and its error. It waits for the channel of the
// context, or checks the error every 100 ms.
func waitFor(ctx context.Context, waits bool) (got struct {
	after time.Duration
	err   error
}) {
	start := time.Now()
	for time.Since(start) < time.Hour {
		if waits {
			select {
			case <-ctx.Done():
			case <-time.After(time.Hour):
			}
		} else {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if ctx.Err() != nil {
			got.after, got.err = time.Since(start), ctx.Err()
			return got
		}
	}
	return got
}

// TestStoppedDeadline checks that a context that was derived from a check's deadline ends when
// the check does, and has an error then. Package context panics if Done is closed and Err
// returns nil.
func TestStoppedDeadline(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			call, end := context.WithTimeout(t.Context(), time.Hour)
			defer end()
			d := newDeadline(call, time.Now())
			derived, cancel := context.WithCancel(d)
			defer cancel()
			d.stop()
			<-derived.Done()
			if d.Err() == nil || derived.Err() == nil {
				t.Errorf("the deadline has error %v and the derived context %v, want an error of both", d.Err(), derived.Err())
			}
		})
	}
}

// TestDeadlineStartsNoTimer checks that a check that does not wait costs one allocation.
func TestDeadlineStartsNoTimer(t *testing.T) {
	call, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	got := testing.AllocsPerRun(100, func() {
		d := newDeadline(call, time.Now())
		if d.Err() != nil {
			t.Error("ended")
		}
		d.stop()
	})
	if got > 1 {
		t.Errorf("%v allocations", got)
	}
}
