package decisionlog

import "io"

// lineWriter writes whole lines: after one that the sink took only in part, the
// next begins on a line of its own.
type lineWriter struct {
	sink io.Writer
	torn bool
}

// Write writes one line. A sink that takes less without an error has failed too.
func (l *lineWriter) Write(line []byte) (int, error) {
	if l.torn {
		if _, err := l.sink.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		l.torn = false
	}
	n, err := l.sink.Write(line)
	l.torn = 0 < n && n < len(line)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	return n, err
}
