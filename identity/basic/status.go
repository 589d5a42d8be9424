package basic

import (
	"errors"
	"sync/atomic"
)

// Status is the state of a Verifier's queue.
type Status struct {
	Slots   int // hashes that may run at a time
	Running int // hashes
	Waiting int // logins that wait for a slot

	Right, Wrong uint64 // hashes that were computed, by what they showed
	RateLimited  uint64 // logins refused with ErrTooManyFailures
	Overloaded   uint64 // logins refused with ErrOverloaded
}

// counts are the counters of a Status.
type counts struct{ right, wrong, rateLimited, overloaded atomic.Uint64 }

// addHash counts a hash that was computed.
func (c *counts) addHash(right bool) {
	if right {
		c.right.Add(1)
	} else {
		c.wrong.Add(1)
	}
}

// addRefusal counts a login that was refused without an answer about its password.
func (c *counts) addRefusal(err error) {
	switch {
	case errors.Is(err, ErrTooManyFailures):
		c.rateLimited.Add(1)
	case errors.Is(err, ErrOverloaded):
		c.overloaded.Add(1)
	}
}

// Status returns the state of the queue.
func (p *Verifier) Status() Status {
	s := Status{
		Right: p.counts.right.Load(), Wrong: p.counts.wrong.Load(),
		RateLimited: p.counts.rateLimited.Load(), Overloaded: p.counts.overloaded.Load(),
	}
	s.Slots, s.Running, s.Waiting = p.attempts.load()
	return s
}
