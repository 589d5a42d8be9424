package decisionlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/authz"
	"extauthz/diag"
)

// maxWait is the limit on the time that a check waits for a required line.
const maxWait = time.Second

// ErrNotWritten means that a required line was not written in time.
var ErrNotWritten = errors.New("the decision could not be logged in time")

// FlushInterval and FlushSize determine when lines are written: at most FlushInterval after
// the first of them, or as soon as they have FlushSize bytes.
const (
	FlushInterval = 50 * time.Millisecond
	FlushSize     = 64 << 10
)

// maxPending is the limit on the text of the lines that wait, in bytes. It matters only if
// many statements apply to each decision.
const maxPending = 16 << 20

// Options are the settings of a log.
type Options struct {
	Writer   io.Writer // is called with one or several whole lines, from one goroutine
	Mode     Mode      // which decisions to log; empty means all
	Buffer   int       // the number of decisions that can wait to be written, at least 1
	Required bool      // Record waits until the line is written
}

// Mode determines which decisions are logged. The empty Mode is [All].
type Mode string

// The modes.
const (
	All    Mode = "all"    // every decision
	Denied Mode = "denied" // every decision except allowed
	None   Mode = "none"   // nothing
)

// UnmarshalText parses the name of a mode.
func (m *Mode) UnmarshalText(text []byte) error {
	switch mode := Mode(text); mode {
	case All, Denied, None:
		*m = mode
		return nil
	}
	return diag.Problemf("%q is not a mode", text).WithRemedy(fmt.Sprintf("write %s, %s or %s", All, Denied, None))
}

// MarshalText returns the name of the mode.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m), nil }

// Log writes decisions as lines of JSON.
type Log struct {
	mode     Mode
	required bool
	limit    int // on the lines of a batch
	sink     io.Writer
	memory   sync.Pool // of *[]byte, for the text of a line
	lost     atomic.Uint64

	mu       sync.Mutex
	pending  *batch // receives lines
	writing  *batch // is being written, or was written last
	isClosed bool   // pending receives no more lines

	torn bool // the sink has accepted only a part of the last line; used by run only

	first   chan struct{} // has an element if pending has received its first line
	full    chan struct{} // has an element if pending must be written at once
	closing chan struct{} // closed by Close
	closed  chan struct{} // closed when run has returned
}

// New returns a log whose writer runs until Close.
func New(o Options) *Log {
	l := &Log{
		mode:     o.Mode,
		required: o.Required,
		limit:    max(o.Buffer, 1),
		sink:     o.Writer,
		memory:   sync.Pool{New: func() any { return new([]byte) }},
		pending:  newBatch(),
		writing:  newBatch(),
		first:    make(chan struct{}, 1),
		full:     make(chan struct{}, 1),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	go l.run()
	return l
}

// Lost returns the number of decisions that should have been logged and were not.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// Record logs a decision. It does not retain the result. If the log is not required, Record
// does not wait. If it is required, Record returns when the line is written. It returns an
// error if the line cannot be written, or not within half of the time until ctx's deadline
// and at most a second. After an error, a line that was being written may still appear: the
// log may contain an allow that was not given, and never lacks one that was.
func (l *Log) Record(ctx context.Context, r *authz.Result, latency time.Duration) error {
	if l.mode == None || l.mode == Denied && r.Answer.Allowed {
		return nil
	}
	memory := l.memory.Get().(*[]byte)
	defer l.memory.Put(memory)
	line, err := encode((*memory)[:0], r, latency)
	if cap(line) <= FlushSize {
		*memory = line
	}
	switch {
	case err != nil:
		l.lost.Add(1)
	case l.required:
		return l.recordRequired(ctx, line)
	default:
		if _, _, added := l.add(line); !added {
			l.lost.Add(1)
		}
	}
	if l.required {
		return err
	}
	return nil
}

// encode appends the line of a decision. A panic loses this line only.
func encode(b []byte, r *authz.Result, latency time.Duration) (line []byte, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic while logging a decision: %v", fault)
		}
	}()
	return appendLine(b, r, latency), nil
}

// add adds a line to the pending batch, if the batch has room and the log is not closed. It
// returns the batch and the number of the line.
func (l *Log) add(line []byte) (b *batch, i int, added bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, i = l.pending, len(l.pending.lines)
	if l.isClosed || i == l.limit || len(b.text) >= maxPending {
		return b, i, false
	}
	b.add(line)
	if i == 0 {
		signal(l.first)
	}
	if l.required || len(b.text) >= FlushSize || len(b.lines) >= (l.limit+1)/2 {
		signal(l.full)
	}
	return b, i, true
}

// signal puts an element into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// recordRequired waits for room and then until the line is written.
func (l *Log) recordRequired(ctx context.Context, line []byte) error {
	ctx, cancel := context.WithTimeout(ctx, waitFor(ctx))
	defer cancel()
	b, i, added := l.add(line)
	for !added {
		select {
		case <-b.taken:
			b, i, added = l.add(line)
			continue
		case <-l.closing:
		case <-ctx.Done():
		}
		l.lost.Add(1)
		return ErrNotWritten
	}
	select {
	case <-b.written:
		return b.lines[i].err
	case <-ctx.Done():
		return l.abandon(b, i)
	}
}

// waitFor returns how long to wait for a line. The other half of the time is for the answer.
func waitFor(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return maxWait
	}
	return min(maxWait, time.Until(deadline)/2)
}

// abandon loses a line that no check waits for, unless it is being written.
func (l *Log) abandon(b *batch, i int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b == l.pending {
		l.lose(b, i, ErrNotWritten)
	}
	return ErrNotWritten
}

// lose counts a line as lost, once. l.mu must be locked.
func (l *Log) lose(b *batch, i int, err error) {
	if line := &b.lines[i]; !line.lost {
		line.lost, line.err = true, err
		l.lost.Add(1)
	}
}

// Close writes the pending lines and ends the log. Later decisions are lost. If this takes
// longer than ctx, Close returns ctx's error, and every decision that is not written by
// then counts as lost.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.isClosed {
		l.isClosed = true
		close(l.closing)
	}
	l.mu.Unlock()
	select {
	case <-l.closed:
		return nil
	case <-ctx.Done():
		l.abandonRest()
		return context.Cause(ctx)
	}
}

// abandonRest loses the lines that wait and those that are being written.
func (l *Log) abandonRest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range []*batch{l.writing, l.pending} {
		for i := b.settled; i < len(b.lines); i++ {
			l.lose(b, i, ErrNotWritten)
		}
	}
}
