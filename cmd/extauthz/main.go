package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone    = 0
	exitFailure = 1 // a negative answer, or a failure at run time
	exitInput   = 2 // usage, or input that cannot be loaded
)

// inputError is a mistake in the command line, the environment or a file that
// was to be loaded.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

func inputErrorf(format string, args ...any) error {
	return inputError{fmt.Errorf(format, args...)}
}

// errNegative is the negative answer of a command that has printed it.
var errNegative = errors.New("the answer is no")

// invocation is all that a command gets from outside.
type invocation struct {
	command        string
	args           []string // after the command's name
	env            []string // NAME=VALUE
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is what the first argument names.
type command struct {
	name, summary string
	environment   bool                 // sets the flags of serve, which this command reads
	flags         func() *flag.FlagSet // with the defaults
	run           func(*invocation) error
}

func commands() []command {
	return []command{
		{"serve", "answer Envoy's checks by the policies of a directory", true, serveFlags, serve},
		{"init", "write a policy directory to start from: init DIR --account ACCOUNT --region REGION", false, initFlags, initialize},
		{"simulate", "decide what an input of aws iam simulate-custom-policy asks: simulate [FILE]", false, simulateFlags, runSimulate},
		{"map", "print which ECR actions a registry request needs: map METHOD PATH, or map --tsv [FILE]", false, mapFlags, mapRequests},
		{"test", "run the policy tests of a directory: test DIR", false, testFlags, test},
		{"lint", "print what is suspicious in a policy directory: lint DIR", false, lintFlags, lintDirectory},
		{"schema", "print a JSON Schema for editors: schema NAME", false, newFlags, schema},
		{"whoami", "print who calls, by a credential or by a request as Envoy asks about it", false, whoamiFlags, whoami},
		{"healthcheck", "ask a running serve whether it is ready", true, healthcheckFlags, healthcheck},
		{"version", "print the version", false, newFlags, version},
		{"help", "print the commands, or the flags of one", false, newFlags, help},
	}
}

// run is the program without the process around it. An error is one line.
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
			return report(stderr, "extauthz "+c.name, err)
		}
	}
	return report(stderr, "extauthz", inputErrorf("unknown command %q; see extauthz help", args[0]))
}

// report prints err as one line and returns the exit code it stands for.
func report(stderr io.Writer, who string, err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errNegative) {
		return exitFailure
	}
	fmt.Fprintf(stderr, "%s: %s\n", who, strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.As(err, new(inputError)) {
		return exitInput
	}
	return exitFailure
}
