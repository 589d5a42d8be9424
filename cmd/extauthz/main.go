package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"extauthz/diag"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
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

// command is a subcommand of the program.
type command struct {
	name, summary string
	environment   bool                // the environment sets the flags that it shares with serve
	flags         func(*flag.FlagSet) // adds the command's flags
	run           func(*invocation) error
}

func commands() []command {
	return []command{
		{"serve", "authorize Envoy's requests with the policies in a directory", true, new(config).declare, serve},
		{"init", "write a new policy directory: init DIR --account ACCOUNT --region REGION", false, new(initCommand).declare, initialize},
		{"simulate", "evaluate the input of aws iam simulate-custom-policy: simulate [FILE]", false, new(simulateCommand).declare, runSimulate},
		{"map", "print the ECR actions that a registry request needs: map METHOD PATH, or map --tsv [FILE]", false, new(mapCommand).declare, mapRequests},
		{"test", "run the policy tests of a directory: test DIR", false, new(testCommand).declare, test},
		{"lint", "report likely mistakes in a policy directory: lint DIR", false, new(lintCommand).declare, lintDirectory},
		{"doctor", "report what in an Envoy configuration undoes the protection: doctor [FILE...]", false, new(doctorCommand).declare, examine},
		{"schema", "print a JSON Schema for editors: schema NAME", false, noFlags, schema},
		{"whoami", "print the caller that a credential or a CheckRequest identifies", false, new(whoamiCommand).declare, whoami},
		{"explain", "explain a decision of the log, or the decision on a request: explain --policies DIR", false, new(explainCommand).declare, runExplain},
		{"who-can", "list the principals that may perform an action: who-can ACTION RESOURCE --policies DIR", false, new(accessCommand).declare, whoCan},
		{"what-can", "list what a principal may do: what-can PRINCIPAL --policies DIR", false, new(accessCommand).declare, whatCan},
		{"replay", "decide the requests of a decision log again by other policies: replay --log FILE --policies DIR", false, new(replayCommand).declare, runReplay},
		{"generate", "write least-privilege policies for the use in a decision log: generate --log FILE --out DIR", false, new(generateCommand).declare, runGenerate},
		{"login-password", "print a session token, a password for docker login -u AWS: login-password REGISTRY", false, new(loginPasswordCommand).declare, loginPassword},
		{"credential-provider", "answer a kubelet that pulls an image, with a session token", false, new(credentialProviderCommand).declare, credentialProvider},
		{"session-key", "create a key that signs session tokens: session-key DIR", false, new(sessionKeyCommand).declare, createSessionKey},
		{"decode", "print the reason for a denial in an encoded authorization message: decode --key FILE [MESSAGE]", false, new(decodeCommand).declare, decode},
		{"diff", "report the access that one policy directory grants and another does not: diff OLD NEW", false, new(diffCommand).declare, diff},
		{"healthcheck", "check whether a running serve is ready", true, new(healthcheckCommand).declare, healthcheck},
		{"version", "print the version", false, noFlags, version},
		{"help", "print the commands, or the flags of one command", false, noFlags, help},
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
	return reportError(stderr, "extauthz", inputError{diag.Problemf("unknown command %q", args[0]).WithRemedy("see extauthz help")})
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
