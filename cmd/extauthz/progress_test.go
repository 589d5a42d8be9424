package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress checks what is shown on a terminal, and what a file receives.
func TestProgress(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		count    [2]int
		after    time.Duration
		want     string
	}{
		{"terminal, before a second", true, [2]int{}, 900 * time.Millisecond, ""},
		{"terminal", true, [2]int{3, 40}, 1300 * time.Millisecond, "\r\x1b[Kextauthz diff: comparing: 3 of 40 (1s)\r\x1b[Kextauthz diff: comparing: 3 of 40 (1s)\r\x1b[K"},
		{"file, before a second", false, [2]int{}, 900 * time.Millisecond, ""},
		{"file, without a count", false, [2]int{}, 2 * time.Second, "extauthz diff: comparing (1s)\n"},
		{"file, without a total", false, [2]int{7, 0}, 12 * time.Second, "extauthz diff: comparing: 7 (1s)\nextauthz diff: comparing: 7 (11s)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var text strings.Builder
				p := &progress{to: &text, terminal: c.terminal, text: "extauthz diff: comparing"}
				p.start()
				p.count(c.count[0], c.count[1])
				time.Sleep(c.after)
				p.end()
				if text.String() != c.want {
					t.Errorf("got %q, want %q", text.String(), c.want)
				}
			})
		})
	}
}

// TestNoProgressElsewhere checks that a writer that is not a file receives nothing.
func TestNoProgressElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		p := (&invocation{command: "diff", stderr: &text}).begin("comparing")
		p.count(1, 2)
		time.Sleep(time.Minute)
		if p.end(); text.Len() > 0 {
			t.Errorf("got %q", text.String())
		}
	})
}
