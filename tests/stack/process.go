package stack

import (
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"extauthz/tests/bounded"
)

// grace is how long a process may take to end after SIGTERM on a busy machine.
const grace = time.Minute

// process is one running program with what it wrote.
type process struct {
	cmd    *exec.Cmd
	log    *tail
	ended  chan struct{} // closed when the process has ended
	result error         // how it ended; readable once ended is closed
}

// launch starts the program; log receives its output and its errors.
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

// stop asks the process to end, and makes it end when it does not: an error
// says that it had to, or that the process ended on its own before.
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

// kill ends the process at once and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only when it has ended already
	<-p.ended
}

// failure tells how the process ended, with the end of its log.
func (p *process) failure() error {
	if p.result == nil {
		return fmt.Errorf("ended on its own without an error; its last lines:\n%s", p.log.lines(20))
	}
	return fmt.Errorf("ended on its own (%w); its last lines:\n%s", p.result, p.log.lines(20))
}
