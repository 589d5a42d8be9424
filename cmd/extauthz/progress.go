package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// A progress shows on standard error what a command is doing, if that takes longer than a
// second. A terminal shows one line, which changes and is then removed. A file or a pipe
// receives a line every ten seconds.
type progress struct {
	to        io.Writer // nil if nothing is shown
	terminal  bool
	text      string // what the command is doing
	began     time.Time
	done, all atomic.Int64 // of what is counted; all is 0 if it is unknown

	stop, stopped chan struct{}
}

// How long progress is not shown, and how often it is shown afterwards.
const (
	progressDelay    = time.Second
	terminalInterval = 200 * time.Millisecond
	fileInterval     = 10 * time.Second
)

// begin returns the progress of what the command begins to do. It must be ended before the
// command prints anything. If standard error is neither a terminal nor a file or pipe, as in
// tests, nothing is shown.
func (in *invocation) begin(doing string) *progress {
	p := &progress{text: "extauthz " + in.command + ": " + doing}
	if file, isFile := in.stderr.(*os.File); isFile {
		p.to, p.terminal = file, isTerminal(file)
		p.start()
	}
	return p
}

// isTerminal reports whether a file is a terminal.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// start shows the progress from now on.
func (p *progress) start() {
	p.began, p.stop, p.stopped = time.Now(), make(chan struct{}), make(chan struct{})
	go p.run()
}

// run shows the progress until it ends.
func (p *progress) run() {
	defer close(p.stopped)
	interval := fileInterval
	if p.terminal {
		interval = terminalInterval
	}
	for timer, shown := time.NewTimer(progressDelay), false; ; {
		select {
		case <-timer.C:
			shown = true
			p.show()
			timer.Reset(interval)
		case <-p.stop:
			timer.Stop()
			if shown && p.terminal {
				fmt.Fprint(p.to, removeLine)
			}
			return
		}
	}
}

// removeLine removes the line that a terminal shows.
const removeLine = "\r\x1b[K"

// show writes the progress.
func (p *progress) show() {
	count := ""
	switch done, all := p.done.Load(), p.all.Load(); {
	case all > 0:
		count = fmt.Sprintf(": %d of %d", done, all)
	case done > 0:
		count = fmt.Sprintf(": %d", done)
	}
	line := fmt.Sprintf("%s%s (%ds)", p.text, count, int(time.Since(p.began).Seconds()))
	if p.terminal {
		fmt.Fprint(p.to, removeLine+line)
	} else {
		fmt.Fprintln(p.to, line)
	}
}

// count sets how much is done. all is 0 if it is unknown.
func (p *progress) count(done, all int) {
	p.done.Store(int64(done))
	p.all.Store(int64(all))
}

// end stops showing the progress.
func (p *progress) end() {
	if p.to != nil {
		close(p.stop)
		<-p.stopped
	}
}
