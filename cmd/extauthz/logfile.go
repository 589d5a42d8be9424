package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// standardOutput is the name that stands for standard output.
const standardOutput = "-"

// reopenGrace is how long a write under way may take before reopening the log
// cuts it off.
const reopenGrace = time.Second

// logFile is the decision log's sink: standard output, or a file that can be
// opened again after it was renamed, even while a write to it blocks. It is for
// one writer at a time.
type logFile struct {
	name string

	writing chan struct{} // holds an element during a write
	mu      sync.Mutex    // guards file
	file    io.WriteCloser
}

func newLogFile(name string, file io.WriteCloser) *logFile {
	return &logFile{name: name, writing: make(chan struct{}, 1), file: file}
}

// keptOpen is a writer that is not ours to close.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// openLogFile opens a file for appending; a new one is for its owner alone.
func openLogFile(name string, stdout io.Writer) (*logFile, error) {
	if name == standardOutput {
		return newLogFile(name, keptOpen{stdout}), nil
	}
	file, err := appendTo(name)
	if err != nil {
		return nil, fmt.Errorf("--decision-log-file: %w", err)
	}
	return newLogFile(name, file), nil
}

// appendTo does not wait for the reader of a named pipe: without one it fails.
func appendTo(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
}

// Write appends p. If reopen cuts the write off, p goes to the new file.
func (l *logFile) Write(p []byte) (int, error) {
	l.writing <- struct{}{}
	defer func() { <-l.writing }()
	for {
		file := l.current()
		n, err := file.Write(p)
		if !errors.Is(err, os.ErrClosed) || l.current() == file {
			return n, err
		}
	}
}

func (l *logFile) current() io.WriteCloser {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file
}

// reopen opens the file, which is not standard output, by its name again. On an
// error the old one stays. A write under way may end within reopenGrace.
func (l *logFile) reopen() error {
	file, err := appendTo(l.name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	old := l.file
	l.file = file
	l.mu.Unlock()
	select {
	case l.writing <- struct{}{}:
		<-l.writing
	case <-time.After(reopenGrace):
	}
	return old.Close()
}

// close closes the file; standard output stays open.
func (l *logFile) close() error { return l.current().Close() }
