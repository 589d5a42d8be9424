package signin

import "context"

// A gate limits how many requests run at a time, and how many wait.
type gate struct {
	running chan struct{} // has a value for each request that runs
	waiting chan struct{} // has a value for each that waits
}

func newGate(running, waiting int) *gate {
	return &gate{make(chan struct{}, running), make(chan struct{}, waiting)}
}

// enter waits until the request may run, no longer than ctx, and reports whether it may; then
// leave must be called. It does not wait if too many requests do.
func (g *gate) enter(ctx context.Context) bool {
	select {
	case g.running <- struct{}{}:
		return true
	default:
	}
	select {
	case g.waiting <- struct{}{}:
	default:
		return false
	}
	defer func() { <-g.waiting }()
	select {
	case g.running <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) leave() { <-g.running }
