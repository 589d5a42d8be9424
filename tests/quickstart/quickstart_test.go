package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// quickstart is the running program.
type quickstart struct {
	command *exec.Cmd
	mu      sync.Mutex
	out     bytes.Buffer
	ended   chan error
}

// Write collects the output of the program.
func (q *quickstart) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.out.Write(p)
}

func (q *quickstart) printed() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.out.String()
}

// starts starts the built program with these arguments, and kills it at the end of the test.
func starts(t *testing.T, binary string, env []string, args ...string) *quickstart {
	t.Helper()
	q := &quickstart{command: exec.Command(binary, args...), ended: make(chan error, 1)}
	q.command.Env = append(os.Environ(), env...)
	q.start(t, q)
	return q
}

// start starts the command in a new process group, and kills it at the end of the test.
func (q *quickstart) start(t *testing.T, out io.Writer) {
	t.Helper()
	q.command.Stdout, q.command.Stderr = out, out
	q.command.SysProcAttr = bounded.Attributes()
	if err := q.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { q.ended <- q.command.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-q.command.Process.Pid, syscall.SIGKILL) })
}

// interrupt sends SIGINT to the process group, as Ctrl-C does.
func (q *quickstart) interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-q.command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = q.ends(t) // make reports that it was interrupted
}

// prints waits until the program has printed text.
func (q *quickstart) prints(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(q.printed(), text) {
			return
		}
		select {
		case err := <-q.ended:
			t.Fatalf("it ended (%v) and printed no %q but:\n%s", err, text, q.printed())
		default:
		}
	}
	t.Fatalf("no %q in time, but:\n%s", text, q.printed())
}

// ends waits until the program ends.
func (q *quickstart) ends(t *testing.T) error {
	t.Helper()
	select {
	case err := <-q.ended:
		return err
	case <-time.After(5 * time.Minute):
		t.Fatalf("still running:\n%s", q.printed())
		return nil
	}
}

// commands returns the lines to paste, by the first word of their section.
func (q *quickstart) commands() map[string][]string {
	sections, title := map[string][]string{}, ""
	for line := range strings.Lines(q.printed()) {
		line = strings.TrimSuffix(line, "\n")
		if command, ok := strings.CutPrefix(line, "    "); ok {
			sections[title] = append(sections[title], command)
		} else if line != "" {
			title, _, _ = strings.Cut(line, " ")
		}
	}
	return sections
}

// TestQuickstart runs the program with a copy of the policies, runs all commands that it prints,
// and ends it with Ctrl-C.
func TestQuickstart(t *testing.T) {
	bin, tmp, policies := t.TempDir(), t.TempDir(), t.TempDir()
	crane, err := stack.Crane(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(crane, filepath.Join(bin, "crane")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(policies, os.DirFS(filepath.Join(stack.Root(), "examples", "quickstart", "policies"))); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	path := "PATH=" + bin + ":" + os.Getenv("PATH")
	q := starts(t, program(t), []string{"TMPDIR=" + tmp, path}, "-listen", address, "-policies", policies)
	q.prints(t, "Ctrl-C ends everything.")

	commands := q.commands()
	for title, n := range map[string]int{"1.": 2, "2.": 2, "3.": 1, "And": 1} {
		if len(commands[title]) < n {
			t.Fatalf("%d commands under %q, want at least %d:\n%s", len(commands[title]), title, n, q.printed())
		}
	}
	const denial = "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:"
	allowed := map[string]string{"curl": "200 OK", "crane": "sha256:", "docker": "Digest: sha256:"}
	refused := map[string]string{"curl": denial + "InitiateLayerUpload", "crane": denial + "PutImage", "docker": denial + "PutImage"}
	changed := map[string]string{"curl": "202 Accepted", "crane": "digest: sha256:", "docker": "digest: sha256:"}
	t.Cleanup(func() { // pulled by the docker command, if there was one
		_ = exec.Command("docker", "image", "rm", address+"/team/app:v1").Run()
	})
	pastes(t, path, commands["1."], allowed)
	pastes(t, path, commands["2."], refused)
	pastes(t, path, commands["3."], nil)
	pastes(t, path, commands["2."], changed)
	pastes(t, path, commands["And"], nil)
	pastes(t, path, commands["2."], refused)

	if err := q.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := q.ends(t); err != nil {
		t.Errorf("Ctrl-C ended it with %v", err)
	}
	leavesNothing(t, tmp, address)
}

// TestQuickstartAfterItsReader ends the program after the reader of its output has ended, as tee
// does on Ctrl-C, and checks that the edited policy is restored and that nothing is left.
func TestQuickstartAfterItsReader(t *testing.T) {
	tmp, policies := t.TempDir(), t.TempDir()
	if err := os.CopyFS(policies, os.DirFS(filepath.Join(stack.Root(), "examples", "quickstart", "policies"))); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	q := &quickstart{command: exec.Command(program(t), "-listen", address, "-policies", policies), ended: make(chan error, 1)}
	q.command.Env = append(os.Environ(), "TMPDIR="+tmp)
	q.start(t, write)
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(read); lines.Scan(); {
		fmt.Fprintln(q, lines.Text())
		if lines.Text() == "Ctrl-C ends everything." {
			break
		}
	}
	q.prints(t, "Ctrl-C ends everything.")
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(policies, "managed", "team-pull.json")
	original, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(original, []byte(before), []byte(after)), 0o644); err != nil {
		t.Fatal(err)
	}
	q.interrupt(t)
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, original) {
		t.Errorf("the policy is not put back: %s, error %v", now, err)
	}
	leavesNothing(t, tmp, address)
}

// pastes runs each command in a shell until its output has the text that is expected for its
// client, for at most a minute, because the machine may be busy.
func pastes(t *testing.T, path string, commands []string, wants map[string]string) {
	t.Helper()
	for _, command := range commands {
		want := wanted(command, wants)
		var out []byte
		for deadline := time.Now().Add(time.Minute); ; {
			run := exec.Command("sh", "-c", command)
			run.Env = append(os.Environ(), path)
			out, _ = run.CombinedOutput() // a denial is an error to crane
			if strings.Contains(string(out), want) || time.Now().After(deadline) {
				break
			}
		}
		if !strings.Contains(string(out), want) {
			t.Errorf("%s\nprinted %s\nwant %q in it", command, out, want)
		}
	}
}

// wanted returns the text that is expected for the client of the command.
func wanted(command string, wants map[string]string) string {
	for client, text := range wants {
		if strings.Contains(" "+command, " "+client+" ") {
			return text
		}
	}
	return ""
}

// leavesNothing checks that no file and no listener is left.
func leavesNothing(t *testing.T, tmp, address string) {
	t.Helper()
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the temporary folder: %v (%v)", left, err)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Errorf("something still listens on %s", address)
	}
}

// program returns the path of the built program.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(stack.Cache(), "bin", "quickstart")
	if err := stack.Compile(t.Context(), stack.Tests(), "./quickstart", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	return binary
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
