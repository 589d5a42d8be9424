package completion

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal is a pseudoterminal in which a shell runs.
type terminal struct {
	file *os.File // the side of the user

	mu      sync.Mutex
	text    strings.Builder // what the shell wrote
	entered int             // the length of text when a line was entered
}

// startTerminal starts a shell in a folder until the test ends. bin is before the folders of PATH.
func startTerminal(t *testing.T, sh shell, folder, bin string) *terminal {
	t.Helper()
	user, program := openTerminal(t)
	cmd := exec.Command(sh.argv[0], sh.argv[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+folder, "TERM=xterm", "LC_ALL=C.UTF-8", "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	term := &terminal{file: user}
	ended := make(chan struct{})
	go term.read(ended)
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		user.Close()
		<-ended
	})
	return term
}

// openTerminal opens both sides of a pseudoterminal.
func openTerminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := user.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failure error
	if err := connection.Control(func(fd uintptr) {
		if failure = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failure == nil {
			number, failure = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		if failure == nil {
			failure = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200})
		}
	}); err != nil || failure != nil {
		t.Fatal(err, failure)
	}
	if program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return user, program
}

// read reads what the shell writes until it ends.
func (x *terminal) read(ended chan struct{}) {
	defer close(ended)
	buffer := make([]byte, 4096)
	for {
		n, err := x.file.Read(buffer)
		x.mu.Lock()
		x.text.Write(buffer[:n])
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// screen returns what the shell has written.
func (x *terminal) screen() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.String()
}

// write types text.
func (x *terminal) write(t *testing.T, text string) {
	t.Helper()
	if _, err := x.file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// enter types a text and ends the line.
func (x *terminal) enter(t *testing.T, text string) {
	t.Helper()
	x.entered = len(x.screen())
	x.write(t, text+"\n")
}

// waitForPrompt waits for the prompt after the line that was entered.
func (x *terminal) waitForPrompt(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(x.screen()[x.entered:], "ready> ") {
			return
		}
	}
	t.Fatalf("no prompt; the screen:\n%q", x.screen())
}
