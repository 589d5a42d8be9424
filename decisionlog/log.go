package decisionlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

// Options are the settings of a log.
type Options struct {
	Writer   io.Writer // is called once for each line, from one goroutine
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
	handler  slog.Handler
	queue    chan *entry
	lost     atomic.Uint64
	writing  atomic.Bool // an entry is being written, and its loss is not counted yet

	adding    sync.RWMutex // locked for reading while an entry enters the queue without waiting
	closeOnce sync.Once
	closing   chan struct{} // closed by Close
	closed    chan struct{} // closed when run has returned
}

// New returns a log whose writer runs until Close.
func New(o Options) *Log {
	l := &Log{
		mode:     o.Mode,
		required: o.Required,
		handler:  slog.NewJSONHandler(&lineWriter{sink: o.Writer}, nil),
		queue:    make(chan *entry, max(o.Buffer, 1)),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	go l.run()
	return l
}

// Lost returns the number of decisions that should have been logged and were not.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// Record logs a decision. The result must not change afterwards. If the log is not required,
// Record does not wait. If it is required, Record returns when the line is written. It
// returns an error if the line cannot be written, or not within half of the time until ctx's
// deadline and at most a second. After an error, a line that was being written may still
// appear: the log may contain an allow that was not given, and never lacks one that was.
func (l *Log) Record(ctx context.Context, r *authz.Result, latency time.Duration) error {
	if l.mode == None || l.mode == Denied && r.Answer.Allowed {
		return nil
	}
	e := &entry{result: r, latency: latency}
	if l.required {
		return l.recordRequired(ctx, e)
	}
	if !l.add(e) {
		l.lost.Add(1)
	}
	return nil
}

// add puts e into the queue and reports whether the queue had room. After Close it has none, so
// that no entry arrives after the queue has been written.
func (l *Log) add(e *entry) bool {
	l.adding.RLock()
	defer l.adding.RUnlock()
	select {
	case <-l.closing:
		return false
	default:
	}
	select {
	case l.queue <- e:
		return true
	default:
		return false
	}
}

// recordRequired waits for room in the queue and then until the line is written.
func (l *Log) recordRequired(ctx context.Context, e *entry) error {
	e.written = make(chan error, 1)
	ctx, cancel := context.WithTimeout(ctx, waitFor(ctx))
	defer cancel()
	select {
	case l.queue <- e:
	case <-l.closing:
		return l.abandon(e)
	case <-ctx.Done():
		return l.abandon(e)
	}
	select {
	case err := <-e.written:
		return err
	case <-l.closed:
		return l.abandon(e)
	case <-ctx.Done():
		return l.abandon(e)
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

// abandon counts an entry as lost, unless its line is being written.
func (l *Log) abandon(e *entry) error {
	if e.claimed.CompareAndSwap(false, true) {
		l.lost.Add(1)
	}
	return ErrNotWritten
}

// run writes the entries in the queue until Close, and then the rest.
func (l *Log) run() {
	defer close(l.closed)
	for {
		select {
		case e := <-l.queue:
			l.write(e)
		case <-l.closing:
			l.writeRest()
			return
		}
	}
}

// writeRest writes the entries that are still in the queue.
func (l *Log) writeRest() {
	for {
		select {
		case e := <-l.queue:
			l.write(e)
		default:
			return
		}
	}
}

func (l *Log) write(e *entry) {
	if !e.claimed.CompareAndSwap(false, true) {
		return
	}
	l.writing.Store(true)
	err := e.write(l.handler)
	if l.writing.CompareAndSwap(true, false) && err != nil {
		l.lost.Add(1)
	}
	if e.written != nil {
		e.written <- err
	}
}

// Close writes the entries in the queue and ends the log. Later decisions are lost. If this
// takes longer than ctx, Close returns ctx's error, and every decision that is not written by
// then counts as lost.
func (l *Log) Close(ctx context.Context) error {
	l.closeOnce.Do(func() {
		l.adding.Lock()
		defer l.adding.Unlock()
		close(l.closing)
	})
	select {
	case <-l.closed:
		return nil
	case <-ctx.Done():
		l.abandonRest()
		return context.Cause(ctx)
	}
}

// abandonRest counts the entries in the queue and the one being written as lost.
func (l *Log) abandonRest() {
	if l.writing.CompareAndSwap(true, false) {
		l.lost.Add(1)
	}
	for {
		select {
		case e := <-l.queue:
			_ = l.abandon(e) // always ErrNotWritten
		default:
			return
		}
	}
}
