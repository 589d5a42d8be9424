package decisionlog

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReopenWhileAWriteBlocks fills a named pipe whose reader does not read, renames it,
// and opens the log again. Each line must be complete in one of the two files, also if one
// write contains several lines.
func TestReopenWhileAWriteBlocks(t *testing.T) {
	for _, perWrite := range []int{1, 4, 128} {
		t.Run(fmt.Sprint(perWrite, " lines in a write"), func(t *testing.T) { reopenWhileAWriteBlocks(t, perWrite) })
	}
}

func reopenWhileAWriteBlocks(t *testing.T, perWrite int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "decisions")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	l, err := OpenFile(name, nil, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("a", 1023) + "\n"
	written := make(chan error, 1)
	go func() {
		for range 128 / perWrite { // a pipe has 64 KiB
			text := strings.Repeat(line, perWrite)
			if n, err := io.WriteString(l, text); err != nil || n != len(text) {
				written <- fmt.Errorf("%d bytes: %w", n, err)
				return
			}
		}
		written <- nil
	}()
	waitUntilAWriteBlocks(t, l)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lines := completeLines(t, reader, line)
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if lines += completeLines(t, file, line); lines != 128 {
		t.Errorf("%d complete lines in both files; want 128", lines)
	}
}

// waitUntilAWriteBlocks returns when a write has taken 50 milliseconds.
func waitUntilAWriteBlocks(t *testing.T, f *File) {
	t.Helper()
	for range 1000 {
		select {
		case f.writing <- struct{}{}:
			<-f.writing
			time.Sleep(time.Millisecond)
		case <-time.After(50 * time.Millisecond):
			return
		}
	}
	t.Fatal("no write blocks")
}

// completeLines counts the complete lines.
func completeLines(t *testing.T, r io.Reader, line string) (n int) {
	t.Helper()
	for scanner := bufio.NewScanner(r); scanner.Scan(); {
		if scanner.Text()+"\n" == line {
			n++
		}
	}
	return n
}

// TestStandardOutputInPieces checks that whole lines are written to standard output, and never
// more than a pipe takes in one piece: the program's other log may lead to the same pipe.
func TestStandardOutputInPieces(t *testing.T) {
	var pieces []string
	stdout := sinkFunc(func(p []byte) (int, error) {
		pieces = append(pieces, string(p))
		return len(p), nil
	})
	f, err := OpenFile(StandardOutput, stdout, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, size := range []int{10, 4095, 1, 4000, 90, 5000, 4096, 3, 2000, 2000} {
		lines.WriteString(strings.Repeat("x", size-1) + "\n")
	}
	if n, err := f.Write([]byte(lines.String())); n != lines.Len() || err != nil {
		t.Errorf("%d of %d bytes, error %v", n, lines.Len(), err)
	}
	for _, piece := range pieces {
		if !strings.HasSuffix(piece, "\n") || len(piece) > 4096 && strings.Count(piece, "\n") > 1 {
			t.Errorf("a piece of %d bytes and %d lines", len(piece), strings.Count(piece, "\n"))
		}
	}
	if strings.Join(pieces, "") != lines.String() {
		t.Error("the pieces are not the lines")
	}
	if len(pieces) > 8 {
		t.Errorf("%d pieces, want at most 8", len(pieces))
	}
}
