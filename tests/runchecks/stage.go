package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"extauthz/tests/bounded"
)

// A runner starts stages.
type runner struct {
	ci  bool // nothing may be missing
	mu  sync.Mutex
	out io.Writer // guarded by mu
}

// result is the outcome of a stage with its name, duration and processor time.
type result struct {
	name      string
	took, cpu time.Duration
	outcome
}

// start runs one stage as a process of its own, in which perform runs. That keeps stages
// that run at the same time apart: each has its own descendants, temporary folder and
// processor time.
func (r *runner) start(ctx context.Context, s stage, preparation []result) result {
	began, out := time.Now(), &prefixed{runner: r, prefix: "[" + s.name + "] "}
	fmt.Fprintf(out, "begins (limit %s)\n", s.limit())
	res := result{name: s.name}
	if missing := missingOf(preparation, s.needs); missing != "" {
		res.Missing = []string{missing}
	} else {
		res.outcome, res.cpu = r.process(ctx, s.name, out)
	}
	res.judge(r.ci)
	res.took = time.Since(began)
	fmt.Fprintf(out, "%s\n", res.line())
	return res
}

// missingOf returns the line that reports something missing, or "".
func missingOf(results []result, what string) string {
	for _, r := range results {
		for _, line := range r.Missing {
			if what != "" && strings.HasPrefix(line, what+": ") {
				return "no " + what
			}
		}
	}
	return ""
}

// stopping is how long a stage may take to end what it started. It is longer than package
// bounded waits for a program.
const stopping = time.Minute

// process starts the process of a stage, waits for it and removes its temporary folder.
func (r *runner) process(ctx context.Context, name string, out *prefixed) (outcome, time.Duration) {
	if ctx.Err() != nil {
		return outcome{Failed: 1, Reasons: []string{"not run: interrupted"}}, 0
	}
	dir, err := scratch()
	if err != nil {
		return of(err), 0
	}
	defer remove(dir)
	program, err := os.Executable()
	if err != nil {
		return of(err), 0
	}
	file := filepath.Join(dir, "outcome.json")
	c := exec.CommandContext(ctx, program, name, file)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = stopping
	c.Env = append(os.Environ(), "TMPDIR="+dir)
	c.SysProcAttr = bounded.Attributes()
	c.Stdout, c.Stderr = out, out
	err = c.Run()
	var o outcome
	if text, reading := os.ReadFile(file); reading != nil || json.Unmarshal(text, &o) != nil {
		o = of(fmt.Errorf("the stage ended without an outcome: %w", errors.Join(err, reading)))
	}
	if c.ProcessState == nil {
		return o, 0
	}
	return o, c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}

// scratch makes the folder for temporary files of a stage. Its name is short because podman
// rejects long ones, and other users may enter it because tests run programs as them.
func scratch() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "checks-"); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// remove removes a folder, even if it has folders that are read-only, such as the module
// cache of the Go command.
func remove(dir string) {
	if os.RemoveAll(dir) != nil {
		_ = exec.Command("chmod", "-R", "u+w", dir).Run()
		os.RemoveAll(dir)
	}
}

// perform runs in the process of a stage. Its arguments are the name of the stage and the
// file for its outcome. When it returns, no process that the stage started is left.
func perform(ctx context.Context, p plan, args []string) (exit int) {
	named := func(s stage) bool { return s.name == args[0] }
	all := slices.Concat(p.first, slices.Concat(p.lanes...))
	i := slices.IndexFunc(all, named)
	if len(args) != 2 || i < 0 {
		fmt.Fprintln(os.Stderr, "runchecks: start it without arguments")
		return 2
	}
	s := all[i]
	ctx, cancel := bounded.Limit(ctx, s.limit())
	defer cancel()
	o := s.run(ctx)
	sweep()
	text, err := json.Marshal(o)
	if err == nil {
		err = os.WriteFile(args[1], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// command runs a program in dir until it ends or ctx does, and prints a failure in one
// line. The output of the program goes to out until ctx ends: then the failure says enough.
func (c *checks) command(ctx context.Context, dir string, out io.Writer, argv ...string) error {
	program := exec.Command(argv[0], argv[1:]...)
	program.Dir = dir
	short := strings.Join(append([]string{filepath.Base(argv[0])}, argv[1:min(len(argv), 3)]...), " ")
	err := bounded.RunPrinting(ctx, noLimit, program, until{ctx, out}, "running "+short)
	if err != nil {
		fmt.Fprintf(c.out, "%s: %v\n", short, err)
	}
	return err
}

// noLimit is for a program that only the limit of its stage ends.
const noLimit = 1 << 62

// until is a writer that drops what is written after ctx has ended.
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

// prefixed writes whole lines to the output of the runner, each behind a prefix.
type prefixed struct {
	runner *runner
	prefix string
	rest   []byte // the begin of a line
}

func (w *prefixed) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	var out bytes.Buffer
	for line := range bytes.Lines(w.rest[:end]) {
		out.WriteString(w.prefix)
		out.Write(line)
	}
	w.rest = slices.Clone(w.rest[end:])
	w.runner.mu.Lock()
	defer w.runner.mu.Unlock()
	_, err := w.runner.out.Write(out.Bytes())
	return len(p), err
}
