package main

import (
	"errors"
	"sync/atomic"

	"extauthz/policystore"
)

// readiness tells whether requests should be sent here: from the first good
// snapshot until the process is told to stop.
type readiness struct {
	snapshot func() *policystore.Snapshot
	stopping atomic.Bool
}

// err is nil if the process is ready, else why it is not.
func (r *readiness) err() error {
	switch {
	case r.stopping.Load():
		return errors.New("stopping")
	case r.snapshot() == nil:
		return errors.New("no policies are loaded yet")
	}
	return nil
}
