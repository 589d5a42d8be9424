package decisionlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"extauthz/diag"
)

// maxLine is the limit on the lines that are read, in bytes with the line feed.
const maxLine = 1 << 20

// A Reader reads the lines of a decision log one after the other. It skips lines that are not
// decisions, counts them, and reports the first of them. Its memory does not depend on the
// length of the log.
//
//	r := decisionlog.NewReader(name, file)
//	for r.Next() {
//		use(r.Entry())
//	}
//	if err := r.Err(); err != nil {
//		return err
//	}
type Reader struct {
	name   string
	from   *bufio.Reader
	line   int // the number of the last line
	entry  *Entry
	err    error
	counts Counts
	bad    diag.Faults
}

// Counts are the numbers of lines that a Reader has read. Empty lines are not counted.
type Counts struct {
	Decisions int `json:"decisions"`
	Broken    int `json:"broken"`    // neither a decision nor other JSON, or a decision with a fault
	Truncated int `json:"truncated"` // the last line, if it ends early
	Foreign   int `json:"foreign"`   // other JSON, such as the lines of a process log
	TooLong   int `json:"tooLong"`   // longer than 1 MiB
}

// Bad returns the number of lines that are not decisions.
func (c Counts) Bad() int { return c.Broken + c.Truncated + c.Foreign + c.TooLong }

// Plus returns the sums of two counts.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.Decisions + d.Decisions, c.Broken + d.Broken, c.Truncated + d.Truncated, c.Foreign + d.Foreign, c.TooLong + d.TooLong}
}

// NewReader returns a reader of a log. name is the file's name in diagnostics.
func NewReader(name string, from io.Reader) *Reader {
	return &Reader{name: name, from: bufio.NewReaderSize(from, maxLine)}
}

// Next reads up to the next decision and reports whether there is one.
func (r *Reader) Next() bool {
	for r.err == nil {
		line, err := r.from.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.from.ReadSlice('\n')
		}
		r.err = err
		if err != nil && !errors.Is(err, io.EOF) {
			return false // the line may be incomplete
		}
		r.line++
		if r.read(line, tooLong) {
			return true
		}
	}
	return false
}

// read reads one line and reports whether it is a decision.
func (r *Reader) read(line []byte, tooLong bool) bool {
	if tooLong {
		r.counts.TooLong++
		r.report("the line is longer than 1 MiB", "no decision is")
		return false
	}
	text := bytes.TrimSpace(line)
	if len(text) == 0 {
		return false
	}
	entry, err := parseEntry(text)
	switch {
	case err == nil:
		entry.Line, r.entry = r.line, entry
		r.counts.Decisions++
		return true
	case errors.Is(err, errForeign):
		r.counts.Foreign++
		r.report(err.Error(), "give only the decision log: serve --decision-log-file FILE keeps it apart from other output")
	case line[len(line)-1] != '\n':
		r.counts.Truncated++
		r.report("the last line is incomplete", "the program may have been killed while it wrote the line, or may still be writing")
	default:
		r.counts.Broken++
		r.report("the line is not a decision: "+err.Error(), "")
	}
	return false
}

// report adds a diagnostic about the last line. It does not repeat the line, which may contain
// anything.
func (r *Reader) report(problem, remedy string) {
	r.bad.Add(diag.New(diag.File(r.name).At(diag.Point{Line: int32(r.line)}), problem, remedy))
}

// Entry returns the last decision. Later calls of Next do not change it.
func (r *Reader) Entry() *Entry { return r.entry }

// Err returns the error that ended reading, nil at the end of the log.
func (r *Reader) Err() error {
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// Counts returns how many lines were read so far.
func (r *Reader) Counts() Counts { return r.counts }

// BadLines returns the lines that are not decisions, with their numbers: the first
// [diag.MaxFaults], and an entry with the number of the others.
func (r *Reader) BadLines() diag.List { return diag.Of(r.bad.Err()) }
