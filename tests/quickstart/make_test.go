package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// TestMakeRunInvalid checks that make run with an invalid value of LISTEN prints one line, with the
// problem and what to type, before it fetches or starts anything.
func TestMakeRunInvalid(t *testing.T) {
	program(t)
	for _, value := range []string{
		"127.0.0.1", "localhost", "127.0.0.1:", "::1", "http://127.0.0.1:8080", "127.0.0.1:http", "127.0.0.1:65536", "70000",
		"registry.invalid:8080", "192.0.2.1:8080", "a b:8080", "127.0.0.1:" + listening(t), "127.0.0.2:0", "it's:8080", "`id`:8080",
	} {
		t.Run(value, func(t *testing.T) {
			var out bytes.Buffer
			run := exec.Command("make", "--no-print-directory", "run", "LISTEN="+value)
			run.Dir, run.Stdout, run.Stderr = stack.Root(), &out, &out
			run.Env = outsideMake()
			err := bounded.Run(t.Context(), 20*time.Minute, run)
			first, rest, _ := strings.Cut(out.String(), "\n")
			if err == nil || !strings.HasPrefix(first, "quickstart: LISTEN="+value+": ") || !strings.Contains(first, "; type make run LISTEN=") {
				t.Errorf("error %v, printed %q", err, out.String())
			}
			if strings.Count(rest, "\n") != 1 || !strings.HasPrefix(rest, "make: ***") {
				t.Errorf("printed more: %q", rest)
			}
		})
	}
}

// TestMakeRunKeepsBinaries checks that the second make run builds nothing and prints nothing about
// it.
func TestMakeRunKeepsBinaries(t *testing.T) {
	built := map[string]os.FileInfo{}
	for try := range 2 {
		q := makesRun(t, stack.Root())
		q.prints(t, "Ctrl-C ends everything.")
		q.interrupt(t)
		for _, binary := range []string{"bin/extauthz", ".cache/bin/registry", ".cache/bin/quickstart"} {
			info, err := os.Stat(filepath.Join(stack.Root(), binary))
			if err != nil {
				t.Fatal(err)
			}
			if before := built[binary]; before != nil && !os.SameFile(before, info) {
				t.Errorf("%s was built again", binary)
			}
			built[binary] = info
		}
		if try == 1 && strings.Contains(q.printed(), "Building") {
			t.Errorf("the second start printed %s", q.printed())
		}
		lines := map[string]bool{}
		for line := range strings.Lines(q.printed()) {
			if line = strings.TrimSpace(line); line != "" && lines[line] {
				t.Errorf("printed twice: %s", line)
			}
			lines[line] = true
		}
	}
}

// outsideMake returns the environment without the variables of make, because make may run this
// test.
func outsideMake() []string { return append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=") }

// makesRun starts make run in a checkout, with a free port.
func makesRun(t *testing.T, dir string) *quickstart {
	t.Helper()
	q := &quickstart{command: exec.Command("make", "--no-print-directory", "run"), ended: make(chan error, 1)}
	q.command.Dir = dir
	q.command.Env = append(outsideMake(), "LISTEN=0")
	q.start(t, q)
	return q
}
