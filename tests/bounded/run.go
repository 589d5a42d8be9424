package bounded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is how long a program may take to end after SIGTERM.
const grace = 10 * time.Second

// The time between two signs of life: often in the first minute, then seldom.
const (
	soon  = 10 * time.Second
	later = time.Minute
)

// Limit returns a context that ends when the limit passes. Its cause is one line, and
// [context.DeadlineExceeded].
func Limit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, timeout{limit})
}

// Run runs a program that was not started until it ends, ctx ends or the limit passes.
// Where time ran out, the error is [context.DeadlineExceeded].
func Run(ctx context.Context, limit time.Duration, c *exec.Cmd) error {
	ctx, cancel := Limit(ctx, limit)
	defer cancel()
	if ctx.Err() != nil {
		return ended(ctx)
	}
	c.SysProcAttr = Attributes()
	if err := c.Start(); err != nil {
		return err
	}
	group := -c.Process.Pid
	stop := context.AfterFunc(ctx, func() { end(group) })
	c.WaitDelay = 5 * time.Second // for what holds its output open
	err := c.Wait()
	if !stop() { // ctx ended before the program did, or just then
		_ = syscall.Kill(group, syscall.SIGKILL)
		return ended(ctx)
	}
	return err
}

// ended says why a context ended.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return errInterrupted
}

// errInterrupted is [context.Canceled], whatever signal that was.
var errInterrupted = fmt.Errorf("interrupted: %w", context.Canceled)

// end asks a process group to end, and makes it end when it does not.
func end(group int) {
	_ = syscall.Kill(group, syscall.SIGTERM)
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if syscall.Kill(group, 0) != nil {
			return // it is gone
		}
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
}

// timeout is the error of a program that took longer than it may.
type timeout struct{ limit time.Duration }

func (e timeout) Error() string {
	return fmt.Sprintf("ran out of time after %s and was ended", e.limit)
}
func (timeout) Is(target error) bool {
	return target == context.DeadlineExceeded
}

// Aloud runs a program as Run does. What it prints goes to progress, and so does a sign
// of life while it is silent; doing says what it does.
func Aloud(ctx context.Context, limit time.Duration, c *exec.Cmd, progress io.Writer, doing string) error {
	c.Stdout, c.Stderr = progress, progress
	return Alive(progress, doing, func() error { return Run(ctx, limit, c) })
}

// Quietly runs a program as Aloud does, but prints only signs of life: what the program
// printed becomes part of the error of one that fails, on one line.
func Quietly(ctx context.Context, limit time.Duration, c *exec.Cmd, progress io.Writer, doing string) error {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := Alive(progress, doing, func() error { return Run(ctx, limit, c) })
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	lines := strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' || r == '\r' })
	return fmt.Errorf("%w: %s", err, strings.Join(lines[max(0, len(lines)-3):], "; "))
}

// Alive runs run and prints now and then that it still runs; doing says what it does.
func Alive(progress io.Writer, doing string, run func() error) error {
	began, ticker := time.Now(), time.NewTicker(soon)
	defer ticker.Stop()
	done := make(chan error, 1)
	go func() { done <- run() }()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			passed := time.Since(began).Round(time.Second)
			fmt.Fprintf(progress, "  still %s after %s\n", doing, passed)
			if passed >= later {
				ticker.Reset(later)
			}
		}
	}
}
