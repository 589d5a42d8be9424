package daemon

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/tests/bounded"
)

const (
	readyLimit = 5 * time.Minute  // until a program is ready on a busy machine
	grace      = 30 * time.Second // between SIGTERM and SIGKILL
	interval   = 50 * time.Millisecond
)

// A Daemon is a program that runs until the test ends.
type Daemon struct {
	argv  []string
	ready func(context.Context) error // nil if there is nothing to wait for
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// Start starts a program and waits until ready returns nil; a nil ready does not wait. It fails the
// test if the program ends before, or is not ready after five minutes. At the end of the test the
// program receives SIGTERM, and its last lines are in the log of a test that failed.
func Start(t testing.TB, ready func(context.Context) error, argv ...string) *Daemon {
	t.Helper()
	name := filepath.Base(argv[0])
	d := &Daemon{argv: argv, ready: ready, log: filepath.Join(t.TempDir(), name+".log")}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s wrote at last:\n%s", name, d.lastLines(30))
		}
		d.Stop()
	})
	if err := d.Start(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// Start starts a program again that has ended, and waits until it is ready.
func (d *Daemon) Start() error {
	if err := d.launch(); err != nil || d.ready == nil {
		return err
	}
	return d.await(context.Background())
}

// launch starts the program. It leads a process group, so that Ctrl-C reaches only the test.
func (d *Daemon) launch() error {
	output, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer output.Close()
	d.cmd, d.ended = exec.Command(d.argv[0], d.argv[1:]...), make(chan struct{})
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.SysProcAttr = output, output, bounded.Attributes()
	if err := d.cmd.Start(); err != nil {
		close(d.ended)
		return err
	}
	go func() { _ = d.cmd.Wait(); close(d.ended) }() // the log has the reason
	return nil
}

// await calls ready until it returns nil, the program ends, or time runs out.
func (d *Daemon) await(ctx context.Context) error {
	ctx, cancel := bounded.Limit(ctx, readyLimit)
	defer cancel()
	for {
		err := d.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("it ended: %v", d.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", err)
		case <-time.After(interval):
		}
	}
}

// Stop ends the program. It kills a program that does not end within half a minute of SIGTERM.
func (d *Daemon) Stop() {
	select {
	case <-d.ended:
		return
	default:
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	select {
	case <-d.ended:
	case <-time.After(grace):
		_ = d.Kill()
	}
}

// Kill ends the program at once.
func (d *Daemon) Kill() error {
	err := d.cmd.Process.Kill()
	<-d.ended
	return err
}

// lastLines returns the end of what the program wrote.
func (d *Daemon) lastLines(n int) string {
	text, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
