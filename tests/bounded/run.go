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

// The time between two lines of progress: short in the first minute, then longer.
const (
	soon  = 10 * time.Second
	later = time.Minute
)

// Limit returns a context that ends when the limit passes. Its cause is a one-line error
// that is [context.DeadlineExceeded].
func Limit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, timeout{limit})
}

// Run starts a program and waits until it ends, ctx ends or the limit passes. If time ran
// out, the error is [context.DeadlineExceeded].
func Run(ctx context.Context, limit time.Duration, c *exec.Cmd) error {
	ctx, cancel := Limit(ctx, limit)
	defer cancel()
	if ctx.Err() != nil {
		return cause(ctx)
	}
	c.SysProcAttr = Attributes()
	if err := c.Start(); err != nil {
		return err
	}
	group := -c.Process.Pid
	stop := context.AfterFunc(ctx, func() { end(group) })
	c.WaitDelay = 5 * time.Second // for processes that keep its output open
	err := c.Wait()
	if !stop() { // ctx ended before the program did, or at the same moment
		_ = syscall.Kill(group, syscall.SIGKILL)
		return cause(ctx)
	}
	return err
}

// cause returns the reason why a context ended.
func cause(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return errInterrupted
}

// errInterrupted is [context.Canceled]. It does not depend on the signal.
var errInterrupted = fmt.Errorf("interrupted: %w", context.Canceled)

// end sends SIGTERM to a process group, and SIGKILL if it does not end.
func end(group int) {
	_ = syscall.Kill(group, syscall.SIGTERM)
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if syscall.Kill(group, 0) != nil {
			return // it has ended
		}
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
}

// timeout is the error about a program that reached its limit.
type timeout struct{ limit time.Duration }

func (e timeout) Error() string {
	return fmt.Sprintf("ran out of time after %s and was ended", e.limit)
}
func (timeout) Is(target error) bool {
	return target == context.DeadlineExceeded
}

// RunPrinting runs a program as Run does, and writes its output and lines about the progress
// to progress. In those, doing describes what the program does.
func RunPrinting(ctx context.Context, limit time.Duration, c *exec.Cmd, progress io.Writer, doing string) error {
	c.Stdout, c.Stderr = progress, progress
	return WithProgress(progress, doing, func() error { return Run(ctx, limit, c) })
}

// RunQuietly runs a program as RunPrinting does, without its output: if the program fails,
// the last lines are part of the error, on one line.
func RunQuietly(ctx context.Context, limit time.Duration, c *exec.Cmd, progress io.Writer, doing string) error {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := WithProgress(progress, doing, func() error { return Run(ctx, limit, c) })
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	lines := strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' || r == '\r' })
	return fmt.Errorf("%w: %s", err, strings.Join(lines[max(0, len(lines)-3):], "; "))
}

// WithProgress calls run, and writes from time to time that it still runs; doing describes
// what it does.
func WithProgress(progress io.Writer, doing string, run func() error) error {
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

// dockerLimit is far more than a busy machine needs. Without an engine, the client ends at
// once.
const dockerLimit = 2 * time.Minute

// Docker returns an error if no Docker engine responds to Docker's client.
func Docker(ctx context.Context) error {
	var reason strings.Builder
	version := exec.Command("docker", "version", "--format", "{{.Server.Version}}")
	version.Stderr = &reason
	err := Run(ctx, dockerLimit, version)
	if text := strings.Join(strings.Fields(reason.String()), " "); err != nil && text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	if err != nil {
		return fmt.Errorf("no Docker engine responds: %w", err)
	}
	return nil
}
