package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// standardOutput is the name that stands for standard output.
const standardOutput = "-"

// logFile is the decision log's sink: standard output, or a file that can be
// opened again after it was renamed.
type logFile struct {
	name string

	mu   sync.Mutex // guards file, and is held while writing
	file io.WriteCloser
}

// keptOpen is a writer that is not ours to close.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// openLogFile opens a file for appending; a new one is for its owner alone.
func openLogFile(name string, stdout io.Writer) (*logFile, error) {
	if name == standardOutput {
		return &logFile{name: name, file: keptOpen{stdout}}, nil
	}
	file, err := appendTo(name)
	if err != nil {
		return nil, fmt.Errorf("--decision-log-file: %w", err)
	}
	return &logFile{name: name, file: file}, nil
}

// appendTo does not wait for the reader of a named pipe: without one it fails.
func appendTo(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
}

// Write appends p.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(p)
}

// reopen opens the file, which is not standard output, by its name again. On an
// error the old one stays.
func (l *logFile) reopen() error {
	file, err := appendTo(l.name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.file
	l.file = file
	return old.Close()
}

// close closes the file; standard output stays open.
func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
