package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// command runs a program in dir until it ends or ctx does, then with all that
// it started, and tells the gate's output when it failed.
func (g *gate) command(ctx context.Context, dir string, out io.Writer, argv ...string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir, c.Stdout, c.Stderr = dir, out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	err := c.Run()
	if c.Process != nil && ctx.Err() != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what did not end on SIGTERM
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		err = errors.New("interrupted")
	case ctx.Err() != nil:
		err = fmt.Errorf("ended for want of time: %w", ctx.Err())
	case err == nil:
		return nil
	}
	fmt.Fprintf(g.out, "%s: %v\n", strings.Join(argv, " "), err)
	return err
}
