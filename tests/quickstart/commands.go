package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"extauthz/tests/bounded"
	"extauthz/tests/fixture"
)

// printCommands prints the commands to try. A line to paste starts with four spaces.
func (q *session) printCommands(ctx context.Context, out io.Writer) error {
	config, err := loginAs("bob", q.address, q.dir)
	if err != nil {
		return err
	}
	var pulls, changes []string
	address := strings.NewReplacer("[", `\[`, "]", `\]`).Replace(q.address) // for a shell
	for _, c := range clients(ctx, q.loopback) {
		login := "DOCKER_CONFIG=" + quoted(config) + " "
		pulls = append(pulls, login+fmt.Sprintf(c.pull, address))
		changes = append(changes, login+fmt.Sprintf(c.change, address))
	}
	curl := "curl -i -u bob:bob-secret "
	url := "http://" + q.address + "/v2/team/app/"

	fmt.Fprintf(out, "\nThe registry is at http://%s. Paste these into another terminal:\n", q.address)
	section(out, "1. Allowed: bob pulls.", append([]string{curl + quoted(url+"manifests/v1")}, pulls...)...)
	section(out, "2. Denied, in ECR's own words: bob pushes.", append([]string{curl + "-X POST " + quoted(url+"blobs/uploads/")}, changes...)...)
	section(out, "3. Let bob push, and paste 2. again:", edit(before, after, q.lesson.file))
	section(out, "And back:", edit(strings.ReplaceAll(after, "*", `\*`), before, q.lesson.file))
	fmt.Fprintf(out, "\nDecisions: %s\nPolicies:  %s\n\nCtrl-C ends everything.\n", q.log(), filepath.Dir(filepath.Dir(q.lesson.file)))
	return nil
}

// section prints a title and lines to paste.
func section(out io.Writer, title string, commands ...string) {
	fmt.Fprintf(out, "\n%s\n    %s\n", title, strings.Join(commands, "\n    "))
}

// edit returns the command that replaces a pattern in a file. BSD's sed requires an argument to
// not keep a copy.
func edit(pattern, text, file string) string {
	inPlace := "-i"
	if runtime.GOOS == "darwin" {
		inPlace = "-i ''"
	}
	return fmt.Sprintf("sed %s 's/%s/%s/' %s", inPlace, pattern, text, quoted(file))
}

// quoted returns a path, quoted for a shell if necessary.
func quoted(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\$`*?[](){}<>|&;#~!") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// client is a registry client on this machine.
type client struct {
	pull   string // the command that pulls %s/team/app:v1
	change string // the command that changes it
}

// clients returns the clients on this machine that work: docker requires an engine, and a
// loopback address, for which it does not require TLS.
func clients(ctx context.Context, loopback bool) (found []client) {
	if _, err := exec.LookPath("crane"); err == nil {
		crane := "crane "
		if !loopback {
			crane += "--insecure "
		}
		found = append(found, client{crane + "digest %s/team/app:v1", crane + "tag %s/team/app:v1 v2"})
	}
	if loopback && bounded.Docker(ctx) == nil {
		found = append(found, client{"docker pull %s/team/app:v1", "docker push %s/team/app:v1"})
	}
	return found
}

// loginAs writes a client configuration that sends the user's password to address, and returns
// its folder.
func loginAs(user, address, dir string) (string, error) {
	folder := filepath.Join(dir, user)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	return folder, fixture.Login(folder, address, user)
}

// The edit to try replaces before by after in bob's policy.
const (
	before = `"ecr:BatchGetImage"`
	after  = `"ecr:*"`
)

// lesson is the policy file that the commands edit. Because it is a file of the checkout, it is
// restored at the end if it has only that edit.
type lesson struct {
	file     string
	original []byte
}

func newLesson(policies string) (*lesson, error) {
	file, err := filepath.Abs(filepath.Join(policies, "managed", "team-pull.json"))
	if err != nil {
		return nil, err
	}
	original, err := os.ReadFile(file)
	if err == nil && !bytes.Contains(original, []byte(before)) {
		err = fmt.Errorf("%s does not contain %s, which the commands edit; restore it with git checkout", file, before)
	}
	return &lesson{file, original}, err
}

// end undoes the edit. It does not change a file with other edits.
func (l *lesson) end(out io.Writer) {
	edited := bytes.ReplaceAll(l.original, []byte(before), []byte(after))
	if now, err := os.ReadFile(l.file); err != nil || !bytes.Equal(now, edited) {
		return
	}
	if err := os.WriteFile(l.file, l.original, 0o644); err != nil {
		fmt.Fprintln(out, "the edit could not be undone:", err)
		return
	}
	fmt.Fprintf(out, "Restored %s\n", l.file)
}
