package decisionlog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"extauthz/authz"
)

// sinkFunc is a function as a sink.
type sinkFunc func([]byte) (int, error)

func (f sinkFunc) Write(p []byte) (int, error) { return f(p) }

// gate is a sink that blocks until it is opened.
type gate struct {
	open chan struct{}
	bytes.Buffer
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.Buffer.Write(p)
}

func lines(b *bytes.Buffer) int { return bytes.Count(b.Bytes(), []byte("\n")) }

func allowed() *authz.Result {
	return &authz.Result{Answer: authz.Answer{Allowed: true}, Decision: authz.Allowed}
}

func denied() *authz.Result {
	return &authz.Result{Decision: authz.ImplicitDeny}
}

func mustRecord(t *testing.T, l *Log, r *authz.Result) {
	t.Helper()
	if err := l.Record(t.Context(), r, 0); err != nil {
		t.Fatalf("Record: %v", err)
	}
}

func mustClose(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(t.Context()); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func wantLost(t *testing.T, l *Log, want uint64) {
	t.Helper()
	if got := l.Lost(); got != want {
		t.Errorf("lost = %d; want %d", got, want)
	}
}

// TestMode checks which decisions each mode logs.
func TestMode(t *testing.T) {
	for _, c := range []struct {
		mode            Mode
		allowed, denied bool // logged
	}{{"", true, true}, {All, true, true}, {Denied, false, true}, {None, false, false}} {
		for _, required := range []bool{false, true} {
			for _, one := range []struct {
				result *authz.Result
				want   bool
			}{{allowed(), c.allowed}, {denied(), c.denied}} {
				var sink bytes.Buffer
				l := New(Options{Writer: &sink, Mode: c.mode, Buffer: 1, Required: required})
				mustRecord(t, l, one.result)
				mustClose(t, l)
				if got := lines(&sink) == 1; got != one.want {
					t.Errorf("mode %q, required %v: %v logged = %v; want %v", c.mode, required, one.result.Decision, got, one.want)
				}
			}
		}
	}
}

// TestModeText checks the names of the modes.
func TestModeText(t *testing.T) {
	for _, word := range []string{"all", "denied", "none"} {
		var m Mode
		if err := m.UnmarshalText([]byte(word)); err != nil || string(m) != word {
			t.Errorf("UnmarshalText(%q) = %q, %v", word, m, err)
		}
	}
	for _, word := range []string{"", "All", "allow", "denied "} {
		var m Mode
		if err := m.UnmarshalText([]byte(word)); err == nil {
			t.Errorf("UnmarshalText(%q) accepted", word)
		}
	}
}

// TestRecordNeverWaits checks a sink that blocks: the queue contains as many entries as fit, and
// the others are lost and counted. If Record waited, the test would end as a deadlock.
func TestRecordNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newGate()
		l := New(Options{Writer: sink, Buffer: 4})
		mustRecord(t, l, allowed())
		time.Sleep(FlushInterval)
		synctest.Wait() // the writer has the first
		start := time.Now()
		for range 99 {
			mustRecord(t, l, allowed())
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("recording took %v", waited)
		}
		wantLost(t, l, 95)
		close(sink.open)
		mustClose(t, l)
		wantLost(t, l, 95)
		if got := lines(&sink.Buffer); got != 5 {
			t.Errorf("%d lines written; want 5", got)
		}
	})
}

// TestBrokenSinkCountsLost checks that lines that a sink refuses are counted.
func TestBrokenSinkCountsLost(t *testing.T) {
	broken := sinkFunc(func([]byte) (int, error) { return 0, errors.New("disk full") })
	l := New(Options{Writer: broken, Buffer: 10})
	for range 10 {
		mustRecord(t, l, denied())
	}
	mustClose(t, l)
	wantLost(t, l, 10)
}

// TestTornLine checks a sink that accepts only a part of the second line, alone or in a batch:
// the line is lost, and the third one is complete.
func TestTornLine(t *testing.T) {
	for _, test := range []struct {
		name  string
		pause time.Duration // after each line
	}{{"each line alone", FlushInterval}, {"a batch", 0}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sink bytes.Buffer
				torn := false
				l := New(Options{Buffer: 6, Writer: sinkFunc(func(p []byte) (int, error) {
					whole := 0 // bytes of the first line, if it is in p
					if sink.Len() == 0 {
						whole = bytes.IndexByte(p, '\n') + 1
					}
					if rest := p[whole:]; !torn && len(rest) > 0 {
						torn = true
						sink.Write(p[:whole+7])
						return whole + 7, errors.New("disk full")
					}
					return sink.Write(p)
				})})
				for range 3 {
					mustRecord(t, l, denied())
					time.Sleep(test.pause)
					synctest.Wait()
				}
				mustClose(t, l)
				wantLost(t, l, 1)
				got := strings.Split(strings.TrimSuffix(sink.String(), "\n"), "\n")
				if len(got) != 3 || len(got[1]) != 7 || !strings.HasSuffix(got[0], "}") || !strings.HasPrefix(got[2], `{"time":`) || !strings.HasSuffix(got[2], "}") {
					t.Errorf("lines = %q; want a whole one, seven bytes, and a whole one", got)
				}
			})
		})
	}
}

// TestFailureInABatch checks which lines of a batch are lost if the sink fails at a position.
func TestFailureInABatch(t *testing.T) {
	var whole bytes.Buffer
	record := func(sink io.Writer) *Log {
		l := New(Options{Buffer: 100, Writer: sink})
		for i := range 3 {
			r := denied()
			r.Time, r.Method = time.Unix(0, 0), strings.Repeat("x", i) // of different lengths
			mustRecord(t, l, r)
		}
		mustClose(t, l)
		return l
	}
	record(&whole)
	lines := bytes.SplitAfter(whole.Bytes(), []byte("\n"))[:3]
	for at := range whole.Len() {
		for _, forever := range []bool{false, true} {
			var sink bytes.Buffer
			failed := false
			l := record(sinkFunc(func(p []byte) (int, error) {
				switch {
				case failed && forever:
					return 0, errors.New("disk full")
				case failed:
					return sink.Write(p)
				}
				failed = true
				sink.Write(p[:at])
				return at, errors.New("disk full")
			}))
			written := uint64(0)
			for _, line := range lines {
				if bytes.Contains(append([]byte{'\n'}, sink.Bytes()...), append([]byte{'\n'}, line...)) {
					written++
				}
			}
			want := uint64(3)
			if whole.Bytes()[at] == '\n' && at+1 < whole.Len() && !forever {
				want++ // a line that lacks only its line feed counts as lost, and the next write adds one
			}
			if got := l.Lost(); got+written != want {
				t.Errorf("failing after %d bytes, forever %t: %d lines are written and %d lost, want %d together: %q", at, forever, written, got, want, sink.Bytes())
			}
			if torn := uint64(1); !forever && at > 0 && l.Lost() > torn {
				t.Errorf("failing once after %d bytes: %d lines are lost, want at most the torn one", at, l.Lost())
			}
		}
	}
}

// TestBatches checks when lines are written: after the interval, at the size, with half of the
// buffer, and when the log is closed.
func TestBatches(t *testing.T) {
	at := time.Unix(1, 0).UTC()
	for _, test := range []struct {
		name   string
		buffer int
		lines  int
		text   int           // the length of a field
		after  time.Duration // before the lines must be written
		closed bool
	}{
		{"a few lines", 100, 3, 0, FlushInterval, false},
		{"as many bytes as FlushSize", 1000, 128, 512 - len(appendLine(nil, &authz.Result{Time: at, Decision: authz.Allowed}, 0)) - len(`,"reference":""`), 0, false},
		{"half of the buffer", 10, 5, 0, 0, false},
		{"closed", 100, 3, 0, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sink bytes.Buffer
				var calls atomic.Int64
				l := New(Options{Buffer: test.buffer, Writer: sinkFunc(func(p []byte) (int, error) {
					calls.Add(1)
					return sink.Write(p)
				})})
				for i := range test.lines {
					if i == test.lines-1 {
						synctest.Wait()
						if calls.Load() > 0 {
							t.Errorf("%d lines are written before the last one is recorded", lines(&sink))
						}
					}
					r := allowed()
					r.Time, r.Reference = at, strings.Repeat("x", test.text)
					mustRecord(t, l, r)
				}
				if test.after > 0 {
					time.Sleep(test.after - time.Nanosecond)
					synctest.Wait()
					if calls.Load() > 0 {
						t.Error("the lines are written early")
					}
					time.Sleep(time.Nanosecond)
				}
				if test.closed {
					mustClose(t, l)
				}
				synctest.Wait()
				if calls.Load() != 1 || lines(&sink) != test.lines {
					t.Errorf("%d lines are written in %d calls, want %d in one", lines(&sink), calls.Load(), test.lines)
				}
				mustClose(t, l)
			})
		})
	}
}

// TestShortWriteIsLost checks that a line that was written in part is counted as lost.
func TestShortWriteIsLost(t *testing.T) {
	short := sinkFunc(func(p []byte) (int, error) { return len(p) - 1, nil })
	l := New(Options{Writer: short, Required: true})
	if err := l.Record(t.Context(), denied(), 0); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Record = %v; want ErrShortWrite", err)
	}
	mustClose(t, l)
	wantLost(t, l, 1)
}

// TestRequiredWaitsForItsLine checks that Record returns after a required line is written.
func TestRequiredWaitsForItsLine(t *testing.T) {
	var sink bytes.Buffer
	l := New(Options{Writer: &sink, Buffer: 1, Required: true})
	for want := 1; want <= 3; want++ {
		mustRecord(t, l, allowed())
		if got := lines(&sink); got != want {
			t.Errorf("after Record %d: %d lines", want, got)
		}
	}
	mustClose(t, l)
	wantLost(t, l, 0)
}

// TestRequiredReportsBrokenSink checks that Record returns the error of the sink.
func TestRequiredReportsBrokenSink(t *testing.T) {
	full := errors.New("disk full")
	l := New(Options{Writer: sinkFunc(func([]byte) (int, error) { return 0, full }), Required: true})
	if err := l.Record(t.Context(), allowed(), 0); !errors.Is(err, full) {
		t.Errorf("Record = %v; want the sink's error", err)
	}
	mustClose(t, l)
	wantLost(t, l, 1)
}

// TestRequiredWaitIsBounded checks a sink that blocks: half of the check's time remains for its
// answer, and a line that no check waits for is not written later.
func TestRequiredWaitIsBounded(t *testing.T) {
	for _, c := range []struct {
		name      string
		left      time.Duration // until the deadline; 0 is none
		cancelled bool
		want      time.Duration
	}{
		{"no deadline", 0, false, time.Second},
		{"Envoy's default deadline", 200 * time.Millisecond, false, 100 * time.Millisecond},
		{"far deadline", time.Minute, false, time.Second},
		{"cancelled", 0, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := newGate()
				l := New(Options{Writer: sink, Buffer: 1, Required: true})
				go l.Record(t.Context(), allowed(), 0)
				synctest.Wait() // the writer is stuck in this line
				ctx, cancel := context.WithCancel(t.Context())
				if c.left > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), c.left)
				}
				defer cancel()
				if c.cancelled {
					cancel()
				}
				start := time.Now()
				for range 2 { // one waits in the queue, one for room in it
					if err := l.Record(ctx, allowed(), 0); !errors.Is(err, ErrNotWritten) {
						t.Errorf("Record = %v; want ErrNotWritten", err)
					}
					if got := time.Since(start); got != c.want {
						t.Errorf("Record waited %v; want %v", got, c.want)
					}
					start = time.Now()
					if c.left > 0 && c.left < maxWait { // half of what is left now
						c.want /= 2
					}
				}
				wantLost(t, l, 2)
				close(sink.open)
				mustClose(t, l)
				if got := lines(&sink.Buffer); got != 1 {
					t.Errorf("%d lines written; want the first alone", got)
				}
			})
		})
	}
}

// TestCloseWritesTheRest checks that Close writes the queue.
func TestCloseWritesTheRest(t *testing.T) {
	var sink bytes.Buffer
	l := New(Options{Writer: &sink, Buffer: 100})
	for range 100 {
		mustRecord(t, l, allowed())
	}
	mustClose(t, l)
	if got := lines(&sink); got != 100 {
		t.Errorf("%d lines written; want 100", got)
	}
	wantLost(t, l, 0)
}

// TestCloseIsBounded checks that Close returns when its context ends.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := newGate()
		l := New(Options{Writer: sink, Buffer: 2})
		mustRecord(t, l, allowed())
		time.Sleep(FlushInterval)
		synctest.Wait() // the writer has the first one
		mustRecord(t, l, allowed())
		mustRecord(t, l, allowed())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v; want the deadline's error", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("Close waited %v; want 1s", got)
		}
		wantLost(t, l, 3) // the line that the sink blocks, and the entries after it
		close(sink.open)
		mustClose(t, l)
		wantLost(t, l, 3)
	})
}

// TestRecordAfterClose checks that decisions after Close are lost.
func TestRecordAfterClose(t *testing.T) {
	for _, required := range []bool{false, true} {
		var sink bytes.Buffer
		l := New(Options{Writer: &sink, Buffer: 1, Required: required})
		mustClose(t, l)
		if err := l.Record(t.Context(), allowed(), 0); (err != nil) != required {
			t.Errorf("required %v: Record after Close = %v", required, err)
		}
		wantLost(t, l, 1)
	}
}

// TestConcurrentRecord checks that every decision is either written or counted as lost.
func TestConcurrentRecord(t *testing.T) {
	const checks, each = 8, 200
	for _, required := range []bool{false, true} {
		var sink bytes.Buffer
		l := New(Options{Writer: &sink, Buffer: 4, Required: required})
		var wg sync.WaitGroup
		for range checks {
			wg.Go(func() {
				for range each {
					l.Record(t.Context(), allowed(), 0)
				}
			})
		}
		wg.Wait()
		mustClose(t, l)
		if got := uint64(lines(&sink)) + l.Lost(); got != checks*each {
			t.Errorf("required %v: %d lines and %d lost; want %d together", required, lines(&sink), l.Lost(), checks*each)
		}
	}
}

// TestCloseDuringRecord checks the same while the log is closed.
func TestCloseDuringRecord(t *testing.T) {
	const times, checks, each = 2000, 4, 20
	for range times {
		var sink bytes.Buffer
		l := New(Options{Writer: &sink, Buffer: 1000})
		var wg sync.WaitGroup
		for range checks {
			wg.Go(func() {
				for range each {
					l.Record(t.Context(), allowed(), 0)
				}
			})
		}
		mustClose(t, l)
		wg.Wait()
		if got := uint64(lines(&sink)) + l.Lost(); got != checks*each {
			t.Fatalf("%d lines and %d lost; want %d together", lines(&sink), l.Lost(), checks*each)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	l := New(Options{Writer: io.Discard, Buffer: 4096})
	r := allowed()
	b.ReportAllocs()
	for b.Loop() {
		l.Record(b.Context(), r, time.Millisecond)
	}
	b.StopTimer()
	l.Close(b.Context())
}
