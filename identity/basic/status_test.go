package basic

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestStatus checks the state of the queue while one hash runs and another login waits, and
// what was counted afterwards.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := slowVerifier(1)
		file := userFile()
		check := func(when string, want Status) {
			t.Helper()
			synctest.Wait()
			if got := p.Status(); got != want {
				t.Errorf("%s: %+v, want %+v", when, got, want)
			}
		}
		check("at the start", Status{Slots: 1})
		go p.Verify(t.Context(), file, "u1", "right", "192.0.2.1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*hashTime/2)
		defer cancel()
		go p.Verify(ctx, file, "u2", "right", "192.0.2.2") // whose hash ends too late
		check("during a hash", Status{Slots: 1, Running: 1, Waiting: 1})
		time.Sleep(3 * hashTime)
		check("after both", Status{Slots: 1, Right: 2, Overloaded: 1})
		for i := range maxFailures + 5 {
			p.Verify(t.Context(), file, "u3", fmt.Sprint("guess ", i), "192.0.2.3")
			p.Verify(t.Context(), file, "u1", "right", "192.0.2.1") // from the cache
		}
		check("after guesses", Status{Slots: 1, Right: 2, Wrong: maxFailures, Overloaded: 1, RateLimited: 5})
	})
}
