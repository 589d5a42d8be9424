package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"extauthz/tests/bounded"
)

const (
	readyLimit = 2 * time.Minute
	readyEvery = time.Millisecond
	stopLimit  = 10 * time.Second
)

// A process is a running program.
type process struct {
	cmd    *exec.Cmd
	log    *os.File      // its standard error
	ended  chan struct{} // closed when it has ended
	result error         // readable once ended is closed
}

// launch starts a program with further environment variables. Its output goes to the file log.
func launch(log string, environment []string, argv ...string) (*process, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), log: file, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), environment...)
	p.cmd.Stderr, p.cmd.SysProcAttr = file, bounded.Attributes()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	go func() {
		p.result = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// pid returns the process id.
func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process.
func (p *process) stop() error {
	defer p.log.Close()
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
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill() // fails only if it has ended
		<-p.ended
	}
	return nil
}

// failure returns an error with the end of the program's output.
func (p *process) failure() error {
	text, _ := os.ReadFile(p.log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("%s ended (%w): %s", p.cmd.Path, p.result, strings.Join(lines[max(0, len(lines)-5):], "; "))
}

// ready waits until a URL responds with 200.
func (p *process) ready(client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for {
		_, err := get(ctx, client, url)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return p.failure()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.cmd.Path, err)
		case <-time.After(readyEvery):
		}
	}
}

// get returns the body of a URL. Every status except 200 is an error.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %s", url, response.Status)
	}
	return string(body), err
}

// cpu returns the CPU time that the process has used, to the nanosecond. The clock of a
// process also counts threads that have ended (clock_getcpuclockid(3)).
func (p *process) cpu() (time.Duration, error) {
	const schedulerClock = 2
	var t unix.Timespec
	clock := int32(^p.pid())<<3 | schedulerClock
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("CPU time of %s: %w", p.cmd.Path, err)
	}
	return time.Duration(t.Nano()), nil
}

// memory returns the resident memory of the process and its peak, in bytes.
func (p *process) memory() (resident, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		amount, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			resident = amount << 10
		case "VmHWM":
			peak = amount << 10
		}
	}
	return resident, peak, nil
}
