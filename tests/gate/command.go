package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"extauthz/tests/bounded"
)

// command runs a program in dir until it ends or ctx does, then with all that it
// started. What it prints goes to out, unless time ran out: of that, only the error
// reports. A failure is printed in one line.
func (g *gate) command(ctx context.Context, dir string, out io.Writer, argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	err := bounded.Aloud(ctx, noLimit, c, until{ctx, out}, "running "+shown(argv))
	if err == nil {
		return nil
	}
	fmt.Fprintf(g.out, "%s: %v\n", shown(argv), err)
	return err
}

// shown is the begin of a command, for people.
func shown(argv []string) string {
	return strings.Join(append([]string{filepath.Base(argv[0])}, argv[1:min(len(argv), 3)]...), " ")
}

// noLimit is for a command that the stage alone limits.
const noLimit = 1 << 62

// until is a writer that drops what comes after ctx has ended.
type until struct {
	ctx context.Context
	io.Writer
}

func (w until) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return len(p), nil
	}
	return w.Writer.Write(p)
}

// scratch gives the programs of a stage a folder for temporary files. clean removes it
// with whatever was left there, and ends the processes that were left behind. The
// folder's name is short: podman takes no long one.
func scratch() (clean func(), err error) {
	dir, err := os.MkdirTemp("", "gate-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for tests that run as another user
		return nil, err
	}
	before, set := os.LookupEnv("TMPDIR")
	return func() {
		sweep()
		if os.Setenv("TMPDIR", before); !set {
			os.Unsetenv("TMPDIR")
		}
		if os.RemoveAll(dir) != nil { // the Go command's module cache is read-only
			_ = exec.Command("chmod", "-R", "u+w", dir).Run()
			os.RemoveAll(dir)
		}
	}, os.Setenv("TMPDIR", dir)
}
