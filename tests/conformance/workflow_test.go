package conformance

import "testing"

// workflows are those of the specification, in the order in which each finds
// what those before it have left.
var workflows = []struct {
	name      string
	exchanges []exchange
}{
	{"Push", push},
	{"Pull", pull},
	{"Content Discovery", discovery},
	{"Content Management", management},
}

// same sends the requests of a workflow to both sides.
func (s *sides) same(t *testing.T, exchanges []exchange) {
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) { x.same(t, s) })
	}
}

// TestWorkflows sends every request of every workflow to both sides.
func TestWorkflows(t *testing.T) {
	s := newSides(t)
	sent := 0
	for _, w := range workflows {
		t.Run(w.name, func(t *testing.T) { s.same(t, w.exchanges) })
		sent += len(w.exchanges)
	}
	if sent < 90 {
		t.Errorf("%d requests sent to each side, want at least 90", sent)
	}
}
