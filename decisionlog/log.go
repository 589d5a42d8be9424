package decisionlog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/authz"
)

// maxWait bounds how long a check without a deadline waits for a required line.
const maxWait = time.Second

// ErrNotWritten is the error of a required line that was not written in time.
var ErrNotWritten = errors.New("the decision could not be logged in time")

// Options say what is logged and where to.
type Options struct {
	Writer   io.Writer // gets each line in one call, from one goroutine
	Mode     Mode      // which decisions; empty is all
	Buffer   int       // decisions that may wait to be written; at least 1
	Required bool      // Record waits for its line
}

// Log writes decisions as lines of JSON.
type Log struct {
	mode     Mode
	required bool
	handler  slog.Handler
	queue    chan *entry
	lost     atomic.Uint64
	writing  atomic.Bool // an entry is being written whose loss is not counted yet

	adding    sync.RWMutex // held for reading while an entry is put into the queue without waiting
	closeOnce sync.Once
	closing   chan struct{} // closed by Close
	closed    chan struct{} // closed when the writer has ended
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

// Lost is the number of decisions that should have been logged and were not.
func (l *Log) Lost() uint64 { return l.lost.Load() }

// Record logs a decision, which nobody may change any more. It does not wait,
// unless the log is required: then it returns when the line is written, and an
// error when it could not be, or not within half of the time that ctx leaves
// and at most a second. After an error a line that was being written may still
// appear: the log may tell of an allow that was not given, never the reverse.
func (l *Log) Record(ctx context.Context, r *authz.Result, latency time.Duration) error {
	if !l.mode.logs(r.Answer.Allowed) {
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

// add reports whether it could put e into the queue without waiting. After Close
// it cannot, so that no entry comes when the queue has been written.
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

// recordRequired waits for room in the queue, and then for the line.
func (l *Log) recordRequired(ctx context.Context, e *entry) error {
	e.written = make(chan error, 1)
	ctx, cancel := context.WithTimeout(ctx, patience(ctx))
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

// patience leaves the other half of the time for the answer to arrive.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return maxWait
	}
	return min(maxWait, time.Until(deadline)/2)
}

// abandon gives up an entry, so that its line is not begun any more.
func (l *Log) abandon(e *entry) error {
	if e.claimed.CompareAndSwap(false, true) {
		l.lost.Add(1)
	}
	return ErrNotWritten
}

// run writes what is queued until Close, and then what is left.
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
	err := e.safelyWrite(l.handler)
	if l.writing.CompareAndSwap(true, false) && err != nil {
		l.lost.Add(1)
	}
	if e.written != nil {
		e.written <- err
	}
}

// Close writes what is queued and ends the log; decisions recorded from now on
// are lost. If the sink takes longer than ctx, Close returns ctx's error, and
// every decision that is not written by then counts as lost.
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

// abandonRest counts as lost what is queued and what is being written.
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
