package waits_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/waits"
)

// TestBegin checks that a wait is reported with its beginning and its duration, also through a
// context that was derived from the one with the observer.
func TestBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type wait struct {
			what  waits.Kind
			began time.Time
			took  time.Duration
		}
		var got []wait
		ctx, cancel := context.WithCancel(waits.With(t.Context(), func(what waits.Kind, began time.Time, took time.Duration) {
			got = append(got, wait{what, began, took})
		}))
		defer cancel()
		start := time.Now()
		end := waits.Begin(ctx, waits.KeyFetch)
		time.Sleep(time.Second)
		end()
		if want := (wait{waits.KeyFetch, start, time.Second}); len(got) != 1 || got[0] != want {
			t.Errorf("waits %+v, want %+v", got, want)
		}
	})
}

// TestWithoutObserver checks that a wait that nothing observes costs no allocation.
func TestWithoutObserver(t *testing.T) {
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { waits.Begin(ctx, waits.PasswordHash)() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
