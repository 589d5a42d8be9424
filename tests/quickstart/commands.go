package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
)

// printCommands prints what to try. A line to paste starts with four blanks.
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

// edit is the command that replaces a pattern in a file, in place: BSD's sed
// wants to be told that it shall keep no copy.
func edit(pattern, text, file string) string {
	inPlace := "-i"
	if runtime.GOOS == "darwin" {
		inPlace = "-i ''"
	}
	return fmt.Sprintf("sed %s 's/%s/%s/' %s", inPlace, pattern, text, quoted(file))
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\$`*?[](){}<>|&;#~!") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
