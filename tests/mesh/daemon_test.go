package mesh

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/tests/bounded"
)

// readyLimit is how long a program may take to become ready on a busy machine.
const readyLimit = 5 * time.Minute

// A daemon is a program that runs until the test ends.
type daemon struct {
	argv, env []string
	ready     string // a URL whose status is 200 when the program is ready; "" does not wait
	log       string
	cmd       *exec.Cmd
	ended     chan struct{} // closed when it has ended
}

// startDaemon starts a program; its output is in the test's log if the test fails.
func startDaemon(t *testing.T, ready string, env []string, argv ...string) *daemon {
	t.Helper()
	d := &daemon{argv: argv, env: env, ready: ready, log: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(func() {
		d.stop()
		if text, err := os.ReadFile(d.log); err == nil && t.Failed() {
			lines := strings.Split(string(text), "\n")
			t.Logf("%s wrote at last:\n%s", filepath.Base(argv[0]), strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	})
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	return d
}

// Start starts the program and waits until it is ready.
func (d *daemon) Start() error {
	output, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer output.Close()
	d.cmd = exec.Command(d.argv[0], d.argv[1:]...)
	d.cmd.Env, d.cmd.Stdout, d.cmd.Stderr = append(os.Environ(), d.env...), output, output
	d.cmd.SysProcAttr = bounded.Attributes()
	if err := d.cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	d.ended = ended
	go func() { _ = d.cmd.Wait(); close(ended) }() // the log has the reason
	if d.ready == "" {
		return nil
	}
	return d.until(d.ready)
}

// Kill ends the program at once.
func (d *daemon) Kill() error {
	err := d.cmd.Process.Kill()
	<-d.ended
	return err
}

// stop lets the program end the programs that it started.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		_ = d.Kill()
	}
}

// until waits until the status of url is 200, or the program ends.
func (d *daemon) until(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-d.ended:
			return fmt.Errorf("%s ended", d.argv[0])
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// places are the addresses of the registry, of the mirror and of extauthz in the network namespace.
type places struct{ registry, mirror, checker string }

// startBackends starts the registry, the mirror and extauthz with the policies of an example.
func startBackends(t *testing.T, example string, at places) *site {
	t.Helper()
	const admin = "127.0.0.1:9192"
	s := &site{registry: at.registry, policies: copied(t, example), mirror: newMirror(t, at.mirror)}
	startDaemon(t, "http://"+s.registry+"/v2/", nil, programs.Registry, s.registry, t.TempDir())
	s.checker = startDaemon(t, "http://"+admin+"/readyz", nil, programs.Extauthz, "serve",
		"--policies", s.policies, "--listen", at.checker, "--admin-listen", admin, "--drain-timeout", "2s")
	return s
}
