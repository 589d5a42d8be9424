package completion

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// shell is an interactive shell.
type shell struct {
	name string
	argv []string
	// setup is lines that load the completion and set the prompt. %s is the path of the file
	// with the script.
	setup string
}

// The shells read no files of the user. The first line that they read sets the prompt at last, so
// that the prompt shows that they are ready.
func shells() []shell {
	return []shell{
		{"bash", []string{"bash", "--norc", "--noprofile", "-i"}, "bind 'set enable-bracketed-paste off'; source %s; PS1='rea''dy> '"},
		{"zsh", []string{"zsh", "-f", "-i"}, "autoload -Uz compinit; compinit -u -D; source %s; PS1='rea''dy> '"},
		{"fish", []string{"fish", "--no-config", "--private", "-i"}, "set -g fish_autosuggestion_enabled 0; source %s; function fish_prompt; echo -n 'rea''dy> '; end"},
	}
}

// line is a command line whose last word is completed, and what the program then receives.
type line struct{ typed, want string }

// lines returns the lines to complete in a folder with the file key.txt and the folder
// policies-of-test, which has policies.
func lines() []line {
	const alice = "arn:aws:iam::123456789012:user/alice"
	return []line{
		{"who-c", "who-can"},
		{"help what-", "help what-can"},
		{"what-can --pol", "what-can --policies"},
		{"lint --format sa", "lint --format sarif"},
		{"lint --format=sa", "lint --format=sarif"},
		{"schema regis", "schema registries"},
		{"who-can ecr:BatchGetI", "who-can ecr:BatchGetImage"},
		{"what-can --policies policies-of-test arn:aws:iam::123456789012:user/al", "what-can --policies policies-of-test " + alice},
		{"simulate --policies=policies-of-test --principal arn:aws:iam::123456789012:user/al", "simulate --policies=policies-of-test --principal " + alice},
		{"simulate --policies policies-of-test --request 'GET /v2/' --registry qui", "simulate --policies policies-of-test --request GET /v2/ --registry quickstart"},
		{"lint polic", "lint policies-of-test"},
		{"lint --policies=polic", "lint --policies=policies-of-test"},
		{"decode --key ke", "decode --key key.txt"},
		{"decode --key=ke", "decode --key=key.txt"},
	}
}

// wrapper is a script with the program's name. For completion it runs the program, and then writes
// the file completed. Otherwise it writes its arguments to the file run.
const wrapper = `#!/bin/sh
if [ "$1" = completion ]; then
	%[1]q "$@"
	printf '%%s\n' "$*" >%[2]q/completed
else
	printf '%%s\n' "$*" >%[2]q/run.new && mv %[2]q/run.new %[2]q/run
fi
`

// TestCompletion types each line, a tab and a line feed in each shell.
func TestCompletion(t *testing.T) {
	binary := filepath.Join(stack.Cache(), "bin", "extauthz")
	if err := stack.Compile(context.Background(), stack.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	for _, sh := range shells() {
		t.Run(sh.name, func(t *testing.T) {
			_, err := exec.LookPath(sh.argv[0])
			prerequisite.Check(t, err)
			records, folder := t.TempDir(), folderOfUser(t)
			bin := filepath.Join(records, "bin")
			write(t, filepath.Join(bin, "extauthz"), fmt.Sprintf(wrapper, binary, records), 0o755)
			script, err := exec.Command(binary, "completion", sh.name).Output()
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(records, "script"), string(script), 0o644)
			term := startTerminal(t, sh, folder, bin)
			term.enter(t, fmt.Sprintf(sh.setup, filepath.Join(records, "script")))
			for _, l := range lines() {
				term.waitForPrompt(t)
				term.write(t, "extauthz "+l.typed+"\t")
				waitForFile(t, term, filepath.Join(records, "completed"))
				term.enter(t, "")
				// Some shells end a folder with a slash.
				if got := strings.TrimRight(waitForFile(t, term, filepath.Join(records, "run")), "/\n"); got != l.want {
					t.Errorf("%q completes to %q, want %q", l.typed, got, l.want)
				}
			}
		})
	}
}

// folderOfUser returns a folder with the files that lines needs.
func folderOfUser(t *testing.T) string {
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "policies-of-test"), os.DirFS(filepath.Join(stack.Root(), "examples/quickstart/policies"))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "key.txt"), "", 0o600)
	return folder
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// limit is the longest time that a shell may take for a step on a busy machine.
const limit = time.Minute

// waitForFile waits for a file, removes it and returns its content.
func waitForFile(t *testing.T, term *terminal, name string) string {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(name)
		if err == nil && strings.HasSuffix(string(text), "\n") {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
	t.Fatalf("no %s; the screen:\n%q", filepath.Base(name), term.screen())
	return ""
}
