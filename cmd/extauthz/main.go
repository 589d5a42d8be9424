package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"extauthz/diag"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] != "serve" {
		limitMemory(cgroupFiles)
		go tuneCollector(context.Background(), commandGrowth)
	}
	os.Exit(run(args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone    = 0
	exitFailure = 1 // a negative result, or a failure at run time
	exitInput   = 2 // wrong usage, or input that cannot be loaded
)

// inputError is a fault in the command line, the environment or an input file.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

func inputErrorf(format string, args ...any) error {
	return inputError{fmt.Errorf(format, args...)}
}

// errNegative makes the exit code 1 without a message. A command returns it after it
// has printed a negative result.
var errNegative = errors.New("negative result")

// invocation contains the input and output of one command.
type invocation struct {
	command        string
	args           []string // after the command's name
	env            []string // NAME=VALUE
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands returns the commands in the order of help.
func commands() []command {
	return []command{
		serveUsage(),
		initUsage(),
		simulateUsage(),
		mapUsage(),
		testUsage(),
		lintUsage(),
		doctorUsage(),
		schemaUsage(),
		whoamiUsage(),
		explainUsage(),
		whoCanUsage(),
		whatCanUsage(),
		replayUsage(),
		generateUsage(),
		loginPasswordUsage(),
		credentialProviderUsage(),
		sessionKeyUsage(),
		accessKeyUsage(),
		decodeUsage(),
		diffUsage(),
		healthcheckUsage(),
		completionUsage(),
		versionUsage(),
		helpUsage(),
	}
}

// run runs the command that the arguments name, and returns the exit code.
func run(args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stderr, "extauthz: no command given; see extauthz help")
		return exitInput
	}
	name := args[0]
	if name == "-h" || name == "-help" || name == "--help" {
		name = "help"
	}
	for _, c := range commands() {
		if c.name == name {
			err := c.run(&invocation{c.name, args[1:], env, stdin, stdout, stderr})
			if errors.Is(err, flag.ErrHelp) {
				err = helpOn(stdout, name)
			}
			return reportError(stderr, "extauthz "+c.name, err)
		}
	}
	return reportError(stderr, "extauthz", unknownCommand(args[0]))
}

// reportError prints an error, each of several diagnostics on its own line, and returns
// the exit code.
func reportError(stderr io.Writer, prefix string, err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errNegative) {
		return exitFailure
	}
	printLine := func(err error) { fmt.Fprintf(stderr, "%s: %s\n", prefix, strings.ReplaceAll(err.Error(), "\n", "; ")) }
	if list := diag.Of(err); len(list) > 1 && list[0].File != "" {
		for _, d := range list {
			printLine(d)
		}
	} else {
		printLine(err)
	}
	if errors.As(err, new(inputError)) {
		return exitInput
	}
	return exitFailure
}
