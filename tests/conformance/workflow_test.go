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

// TestWorkflows sends every request of every workflow to both sides.
func TestWorkflows(t *testing.T) {
	s := newSides(t)
	sent := 0
	for _, w := range workflows {
		t.Run(w.name, func(t *testing.T) {
			for _, x := range w.exchanges {
				t.Run(x.name, func(t *testing.T) { x.same(t, s) })
				sent++
			}
		})
	}
	if sent < 80 {
		t.Errorf("%d requests sent to each side, want at least 80", sent)
	}
}
