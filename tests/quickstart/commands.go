package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"extauthz/tests/stack"
)

// printCommands prints what to try. A line to paste starts with four blanks.
func printCommands(ctx context.Context, out io.Writer, spec stack.Spec, l *lesson, dir, log string) error {
	config, err := loginAs("bob", spec.Listen, dir)
	if err != nil {
		return err
	}
	var pulls, changes []string
	for _, c := range clients(ctx) {
		login := "DOCKER_CONFIG=" + quoted(config) + " "
		pulls = append(pulls, login+fmt.Sprintf(c.pull, spec.Listen))
		changes = append(changes, login+fmt.Sprintf(c.change, spec.Listen))
	}
	curl := "curl -i -u bob:bob-secret "
	url := "http://" + spec.Listen + "/v2/team/app/"

	fmt.Fprintf(out, "\nThe registry is at http://%s. Paste these into another terminal:\n", spec.Listen)
	section(out, "1. Allowed: bob pulls.", append([]string{curl + url + "manifests/v1"}, pulls...)...)
	section(out, "2. Denied, in ECR's own words: bob pushes.", append([]string{curl + "-X POST " + url + "blobs/uploads/"}, changes...)...)
	section(out, "3. Let bob push, and paste 2. again:", edit(before, after, l.file))
	section(out, "And back:", edit(strings.ReplaceAll(after, "*", `\*`), before, l.file))
	fmt.Fprintf(out, "\nDecisions: %s\nPolicies:  %s\n\nCtrl-C ends everything.\n", log, filepath.Dir(filepath.Dir(l.file)))
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
