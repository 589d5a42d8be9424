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

// standardOutput is the file name that means standard output.
const standardOutput = "-"

// reopenGrace is how long a write in progress may take before reopen interrupts it.
const reopenGrace = time.Second

// logFile is the output of the decision log: standard output or a file. The file can be
// opened again after it was renamed, even while a write to it blocks. Only one goroutine
// may write at a time.
type logFile struct {
	name string

	writing chan struct{} // has an element during a write
	mu      sync.Mutex    // guards file
	file    io.WriteCloser
}

func newLogFile(name string, file io.WriteCloser) *logFile {
	return &logFile{name: name, writing: make(chan struct{}, 1), file: file}
}

// keptOpen is a writer that this package must not close.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// openLogFile opens a file for appending. Only the owner may read a new file.
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

// appendTo opens a file for appending. A named pipe without a reader is an error.
func appendTo(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
}

// Write appends p. If reopen interrupts the write, p goes to the new file.
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

// reopen opens the file of the same name. It must not be standard output. After an error
// the old file remains in use. reopen waits up to reopenGrace for a write in progress.
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

// close closes the file, except standard output.
func (l *logFile) close() error { return l.current().Close() }
