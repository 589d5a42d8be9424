package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// longRuns are the prefixes of commands in READMEs that take too long for a test, or that run this
// test.
var longRuns = []string{"make test", "make differential", "make router", "make bench", "go test ", ".ci/run"}

// TestReadmesInOrder runs every command of every README in order: each must succeed after the
// commands before it on the page. Nothing is built before the first page; each other page starts
// with the programs of the first and an unchanged checkout.
func TestReadmesInOrder(t *testing.T) {
	if err := os.RemoveAll(filepath.Join(stack.Root(), "bin")); err != nil {
		t.Fatal(err)
	}
	typed := 0
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			dir := checkout(t)
			for _, command := range commandsOf(t, filepath.Join(dir, page)) {
				if slices.ContainsFunc(longRuns, func(long string) bool { return strings.HasPrefix(command, long) }) {
					continue
				}
				typed++
				types(t, dir, command)
			}
		})
	}
	if typed < 25 {
		t.Errorf("%d commands, want at least 25", typed)
	}
}

// types runs one command, which must succeed. It ends a command that serves as soon as that is
// ready.
func types(t *testing.T, dir, command string) {
	t.Helper()
	switch {
	case command == "make run":
		q := makesRun(t, dir)
		q.prints(t, "Ctrl-C ends everything.")
		q.interrupt(t)
	case strings.HasPrefix(command, "bin/extauthz serve "):
		q := &quickstart{command: exec.Command("sh", "-c", "exec "+command), ended: make(chan error, 1)}
		q.command.Dir = dir
		q.command.Env = append(os.Environ(), "EXTAUTHZ_LISTEN=127.0.0.1:0", "EXTAUTHZ_ADMIN_LISTEN=127.0.0.1:0")
		q.start(t, q)
		q.prints(t, `"msg":"listening"`)
		q.interrupt(t)
	default:
		var out bytes.Buffer
		run := exec.Command("sh", "-c", command)
		run.Dir, run.Stdout, run.Stderr = dir, &out, &out
		run.Env = outsideMake()
		if err := bounded.Run(t.Context(), 20*time.Minute, run); err != nil {
			t.Errorf("%s\n%v: %s", command, err, &out)
		}
	}
}

// checkout returns a folder with links to everything in the checkout, so that the commands do not
// write files there. Programs are built in the checkout.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(stack.Root(), "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(stack.Root())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "policies" || e.Name() == "report.xml" {
			continue // left by a user who followed the pages
		}
		if err := os.Symlink(filepath.Join(stack.Root(), e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pages returns the README.md of the checkout, then those of its folders.
func pages(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(stack.Root()), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Name() == "README.md" && name != "README.md":
			names = append(names, name)
		}
		return nil
	})
	if err != nil || len(names) < 8 {
		t.Fatalf("%d pages, error %v", len(names), err)
	}
	return append([]string{"README.md"}, names...)
}

// commandsOf returns the commands in the shell blocks of a page. A command continues after a line
// that ends with a backslash.
func commandsOf(t *testing.T, page string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				commands = append(commands, line)
			}
		}
	}
	return commands
}
