package stack

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Processes is a stack of processes on loopback addresses, with a temporary folder for
// sockets, images and Envoy's configuration.
type Processes struct {
	programs *Programs
	spec     Spec
	dir      string
	wiring   Wiring
	admin    string // HOST:PORT of extauthz's admin interface
	running  map[Part]*process
	logs     map[Part]*tail
}

var _ Stack = (*Processes)(nil)

// EnvoyAdmin returns the unix socket of Envoy's admin interface.
func (s *Processes) EnvoyAdmin() string { return s.wiring.Admin }

// Start starts a stack and returns when all of its parts are ready. After an error, no part is
// left running.
func (p *Programs) Start(spec Spec) (*Processes, error) {
	dir, err := os.MkdirTemp("", "extauthz-")
	if err != nil {
		return nil, err
	}
	s := &Processes{programs: p, spec: spec, dir: dir, running: map[Part]*process{}, logs: map[Part]*tail{}}
	if err := s.up(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// up chooses the addresses and starts the parts in order.
func (s *Processes) up() error {
	if err := s.wire(); err != nil {
		return err
	}
	for _, part := range []Part{Registry, Extauthz, Envoy} {
		if part == Registry && s.spec.Upstream != "" {
			continue
		}
		if err := s.Start(part); err != nil {
			return err
		}
	}
	return nil
}

// config returns the file with Envoy's configuration.
func (s *Processes) config() string { return filepath.Join(s.dir, "envoy.yaml") }

// Dir returns the temporary folder of the stack; Close removes it.
func (s *Processes) Dir() string { return s.dir }

// Address returns the HOST:PORT of a part.
func (s *Processes) Address(part Part) string {
	return map[Part]string{Envoy: s.wiring.Listener, Registry: s.wiring.Registry, Extauthz: s.admin}[part]
}

// Log returns the end of the output of a part since it was first started.
func (s *Processes) Log(part Part) string {
	if s.logs[part] == nil {
		return ""
	}
	return s.logs[part].String()
}

// Start starts a part that is not running and waits until it is ready.
func (s *Processes) Start(part Part) error {
	if s.running[part] != nil {
		return fmt.Errorf("%s is already running", part)
	}
	if s.logs[part] == nil {
		s.logs[part] = new(tail)
	}
	p, err := launch(s.command(part), s.logs[part])
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	s.running[part] = p
	if err := p.until(s.probe(part)); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}

// command returns the command line of a part.
func (s *Processes) command(part Part) []string {
	switch part {
	case Registry:
		return []string{s.programs.Registry, s.wiring.Registry, filepath.Join(s.dir, "images")}
	case Extauthz:
		command := append(slices.Clip(s.spec.Under), s.programs.Extauthz, "serve",
			"--policies", s.spec.Policies, "--listen", "unix://"+s.wiring.Socket,
			"--admin-listen", s.admin, "--drain-timeout", "2s")
		if s.spec.Keys != "" {
			command = append(command, "--signin-listen", "unix://"+s.wiring.Signin, "--session-keys", s.spec.Keys)
		}
		return append(command, s.spec.Flags...)
	default:
		folders := []string{s.dir}
		if s.spec.Certs != "" {
			folders = append(folders, s.spec.Certs)
		}
		return s.programs.Envoy.Command(folders, "--config-path", s.config(),
			"--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
			"--file-flush-interval-msec", "100")
	}
}

// probe returns a URL whose status is 200 as soon as the part is ready, and a client for it.
func (s *Processes) probe(part Part) (*http.Client, string) {
	switch part {
	case Registry:
		return http.DefaultClient, "http://" + s.wiring.Registry + "/v2/"
	case Extauthz:
		return http.DefaultClient, "http://" + s.admin + "/readyz"
	default:
		return dialing(s.wiring.Admin), "http://envoy/ready"
	}
}

// Signal sends a signal to a part.
func (s *Processes) Signal(part Part, signal syscall.Signal) error {
	p := s.running[part]
	if p == nil {
		return fmt.Errorf("%s is not running", part)
	}
	return p.cmd.Process.Signal(signal)
}

// PID returns the process id of a part, or 0 if it is not running.
func (s *Processes) PID(part Part) int {
	if p := s.running[part]; p != nil {
		return p.cmd.Process.Pid
	}
	return 0
}

// Kill ends a part with SIGKILL.
func (s *Processes) Kill(part Part) error {
	p := s.running[part]
	if p == nil {
		return fmt.Errorf("%s is not running", part)
	}
	p.kill()
	delete(s.running, part)
	return nil
}

// Failed waits until a part ends unexpectedly or done is closed. The error says which part
// ended and why.
func (s *Processes) Failed(done <-chan struct{}) error {
	failed := make(chan error, len(s.running))
	for part, p := range s.running {
		go func() {
			<-p.ended
			failed <- fmt.Errorf("%s %w", part, p.failure())
		}()
	}
	select {
	case err := <-failed:
		return err
	case <-done:
		return nil
	}
}

// Close ends Envoy first, so that no request arrives while other parts are missing.
func (s *Processes) Close() error {
	var errs []error
	for _, part := range []Part{Envoy, Extauthz, Registry} {
		if p := s.running[part]; p != nil {
			if err := p.stop(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", part, err))
			}
			delete(s.running, part)
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
