package stack

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"extauthz/tests/bounded"
)

// grace is how long a process may take to end after SIGTERM on a busy machine.
const grace = time.Minute

// process is a running program with its output.
type process struct {
	cmd    *exec.Cmd
	log    *tail
	ended  chan struct{} // closed when the process has ended
	result error         // how it ended; readable once ended is closed
}

// launch starts a program; log receives its standard output and standard error.
func launch(argv []string, log *tail) (*process, error) {
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), log: log, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = bounded.Attributes()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.result = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop sends SIGTERM to the process, and kills it if it does not end. It returns an error if
// it had to kill it, or if the process had already ended.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return p.failure()
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(grace):
		p.kill()
		return fmt.Errorf("did not end within %s of SIGTERM", grace)
	}
}

// kill kills the process and waits until it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only if it has already ended
	<-p.ended
}

// failure returns an error that says how the process ended, with the end of its log.
func (p *process) failure() error {
	if p.result == nil {
		return fmt.Errorf("ended unexpectedly without an error; its last lines:\n%s", p.log.lines(20))
	}
	return fmt.Errorf("ended unexpectedly (%w); its last lines:\n%s", p.result, p.log.lines(20))
}

// tailSize is the least number of bytes of a log that are kept.
const tailSize = 4 << 20

// tail is a writer that keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write never fails. It may drop what is before the last tailSize bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*tailSize {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-tailSize:]...)
	}
	return len(p), nil
}

// String returns everything that is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// lines returns the last n lines.
func (t *tail) lines(n int) string {
	all := strings.Split(strings.TrimRight(t.String(), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}
