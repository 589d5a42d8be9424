package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// A progress shows how far a command is, on a terminal, if it takes longer than a second.
type progress struct {
	terminal io.Writer // nil if nothing is shown
	next     time.Time
	shown    bool
}

// newProgress returns a progress that is shown on w, if w is a terminal.
func newProgress(w io.Writer) *progress {
	p := &progress{next: time.Now().Add(time.Second)}
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.terminal = w
		}
	}
	return p
}

// progressInterval is how often the text changes.
const progressInterval = 200 * time.Millisecond

// show shows a text instead of the last one.
func (p *progress) show(format string, args ...any) {
	if p.terminal == nil {
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next, p.shown = now.Add(progressInterval), true
		fmt.Fprintf(p.terminal, "\r\x1b[K"+format, args...)
	}
}

// clear removes the text.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.terminal, "\r\x1b[K")
		p.shown = false
	}
}
