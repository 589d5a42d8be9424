package decisionlog

import (
	"fmt"
	"io"
	"time"
)

// A batch contains lines that are written together.
type batch struct {
	text    []byte
	lines   []line
	settled int // the number of lines that are written or lost

	taken   chan struct{} // closed when the batch receives no more lines
	written chan struct{} // closed when all lines are settled
}

// line is one line of a batch.
type line struct {
	end  int   // where its text ends in the text of the batch
	lost bool  // it is counted as lost
	err  error // why it is lost
}

func newBatch() *batch {
	return &batch{taken: make(chan struct{}), written: make(chan struct{})}
}

func (b *batch) add(text []byte) {
	b.text = append(b.text, text...)
	b.lines = append(b.lines, line{end: len(b.text)})
}

// start returns where the text of a line begins.
func (b *batch) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.lines[i-1].end
}

// removeLost removes the text of lost lines.
func (b *batch) removeLost() {
	kept := b.text[:0]
	start := 0
	for i := range b.lines {
		end := b.lines[i].end
		if !b.lines[i].lost {
			kept = append(kept, b.text[start:end]...)
		}
		b.lines[i].end, start = len(kept), end
	}
	b.text = kept
}

// run writes batches until Close, and then the last one.
func (l *Log) run() {
	defer close(l.closed)
	for {
		select {
		case <-l.first:
			l.collect()
			l.write(l.take())
		case <-l.closing:
			l.write(l.take())
			return
		}
	}
}

// collect waits until the pending batch must be written.
func (l *Log) collect() {
	timer := time.NewTimer(FlushInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.full:
	case <-l.closing:
	}
}

// maxReused is the limit on memory that is used again for another batch, in bytes.
const maxReused = 16 * FlushSize

// take returns the pending batch. Another one, with the memory of the last batch, receives
// lines from now on.
func (l *Log) take() *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, next := l.pending, newBatch()
	if cap(l.writing.text) <= maxReused {
		next.text = l.writing.text[:0]
	}
	if !l.required { // a check may still read the result of its line
		next.lines = l.writing.lines[:0]
	}
	l.pending, l.writing = next, b
	select {
	case <-l.full: // which was about b
	default:
	}
	b.removeLost()
	close(b.taken)
	return b
}

// write writes a batch. After a line that the sink accepts only in part, it continues with
// the next line. If the sink accepts nothing, the rest of the batch is lost.
func (l *Log) write(b *batch) {
	defer close(b.written)
	for start := 0; start < len(b.text); start = b.start(b.settled) {
		n, err := l.writeText(b.text[start:])
		l.settle(b, start+n, err)
	}
}

// settle settles lines after the text of the batch up to a position has been written.
func (l *Log) settle(b *batch, end int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := b.settled
	for b.settled < len(b.lines) && b.lines[b.settled].end <= end {
		b.settled++
	}
	switch {
	case b.settled == len(b.lines):
	case end > b.start(b.settled): // a part of this line is written
		l.lose(b, b.settled, err)
		b.settled++
	case b.settled == first:
		for ; b.settled < len(b.lines); b.settled++ {
			l.lose(b, b.settled, err)
		}
	}
}

// writeText writes whole lines. If the sink has accepted only a part of the line before
// them, a line feed is written first.
func (l *Log) writeText(text []byte) (n int, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic while writing the decision log: %v", fault)
		}
	}()
	if l.torn {
		if _, err := l.sink.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		l.torn = false
	}
	n, err = l.sink.Write(text)
	l.torn = 0 < n && n < len(text) && text[n-1] != '\n'
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	return n, err
}
