package decisionlog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// StandardOutput is the file name that means standard output.
const StandardOutput = "-"

// reopenGrace is how long a write in progress may take before Reopen interrupts it.
const reopenGrace = time.Second

// A File is the sink of a log: standard output or a file. The file can be opened again
// after it was renamed, even while a write to it blocks. Only one goroutine may write at
// a time.
type File struct {
	name           string
	rotation       Rotation
	renamed, retry time.Time // when it was rotated last, and when to try again after an error; used by Write only

	writing chan struct{} // has an element during a write
	mu      sync.Mutex    // guards the name of the file, and file
	file    io.WriteCloser
}

// OpenFile opens a file for appending. Only the owner may read a new file. If the name is
// StandardOutput, the sink is stdout, which is never closed or rotated.
func OpenFile(name string, stdout io.Writer, rotation Rotation) (*File, error) {
	f := &File{name: name, writing: make(chan struct{}, 1)}
	if name == StandardOutput {
		f.file = lineWriter{stdout}
		return f, nil
	}
	f.rotation = rotation
	if err := f.checkRotation(); err != nil {
		return nil, err
	}
	file, err := appendTo(f.name)
	if err != nil {
		return nil, err
	}
	f.file = file
	return f, nil
}

// A lineWriter writes to standard output, which this package must not close.
type lineWriter struct{ io.Writer }

// pipeSize is the most that the kernel writes to a pipe in one piece (PIPE_BUF in pipe(7)).
const pipeSize = 4096

// Write writes whole lines, at most pipeSize bytes of them at once. Standard error may lead to
// the same pipe, and its lines must not appear within others. Only a line that is longer than
// pipeSize is not protected.
func (w lineWriter) Write(lines []byte) (written int, err error) {
	for written < len(lines) {
		rest := lines[written:]
		end := bytes.LastIndexByte(rest[:min(pipeSize, len(rest))], '\n') + 1
		if end == 0 {
			if end = bytes.IndexByte(rest, '\n') + 1; end == 0 {
				end = len(rest)
			}
		}
		n, err := w.Writer.Write(rest[:end])
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

func (lineWriter) Close() error { return nil }

// appending opens a file for appending. A named pipe without a reader is an error.
const appending = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NONBLOCK

func appendTo(name string) (*os.File, error) { return os.OpenFile(name, appending, 0o600) }

// Write appends whole lines, and rotates the file before a line that needs it. If Reopen
// interrupts the write, the lines that are not complete in the old file go to the new one.
func (f *File) Write(lines []byte) (written int, err error) {
	f.writing <- struct{}{}
	defer func() { <-f.writing }()
	for written < len(lines) && err == nil {
		var n int
		n, err = f.write(lines[written : written+f.makeRoom(lines[written:])])
		written += n
	}
	return written, err
}

func (f *File) write(lines []byte) (int, error) {
	complete := 0
	for {
		file := f.current()
		n, err := file.Write(lines[complete:])
		if !errors.Is(err, os.ErrClosed) || f.current() == file {
			return complete + n, err
		}
		complete += bytes.LastIndexByte(lines[complete:complete+n], '\n') + 1
	}
}

func (f *File) current() io.WriteCloser {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file
}

// Reopen opens the file of the same name. For standard output it does nothing. After an
// error the old file remains in use. Reopen waits up to reopenGrace for a write in
// progress.
func (f *File) Reopen() error {
	if f.name == StandardOutput {
		return nil
	}
	old, err := f.replace()
	if err != nil {
		return err
	}
	select {
	case f.writing <- struct{}{}:
		<-f.writing
	case <-time.After(reopenGrace):
	}
	return old.Close()
}

// replace opens the file of the same name, and returns the old one.
func (f *File) replace() (old io.Closer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := appendTo(f.name)
	if err != nil {
		return nil, err
	}
	old, f.file = f.file, file
	return old, nil
}

// Close closes the file, except standard output.
func (f *File) Close() error { return f.current().Close() }
