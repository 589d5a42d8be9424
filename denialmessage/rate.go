package denialmessage

import (
	"sync"
	"time"
)

// The limits on messages of an encoder: MessagesPerSecond in the long run, and MessagesAtOnce after
// a pause. A message takes about 0.4 ms of CPU time for one recipient and 1 ms for four, so a flood
// of denials costs at most 2 % of a processor.
const (
	MessagesPerSecond = 20
	MessagesAtOnce    = 100
)

// A rate is a token bucket. The zero rate is full.
type rate struct {
	mu   sync.Mutex
	used float64   // tokens that are taken and not refilled
	at   time.Time // the time of used
}

// take takes a token, if there is one, and reports whether there was.
func (r *rate) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refilled := now.Sub(r.at).Seconds() * MessagesPerSecond; refilled > 0 {
		r.used, r.at = max(r.used-refilled, 0), now
	}
	if r.used > MessagesAtOnce-1 {
		return false
	}
	r.used++
	return true
}
