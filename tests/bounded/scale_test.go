package bounded

import (
	"testing"
	"time"
)

func TestScale(t *testing.T) {
	for _, c := range []struct {
		load       float64
		processors int
		want       time.Duration
	}{{0, 2, time.Second}, {2, 2, time.Second}, {2.1, 2, 2 * time.Second}, {20, 2, 10 * time.Second}, {20, 8, 3 * time.Second}} {
		if got := scale(time.Second, c.load, c.processors); got != c.want {
			t.Errorf("load %v on %d processors: %s, want %s", c.load, c.processors, got, c.want)
		}
	}
	if got := Scale(time.Second); got < time.Second {
		t.Errorf("%s on this machine", got)
	}
}
