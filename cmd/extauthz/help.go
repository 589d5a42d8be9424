package main

import (
	"fmt"
	"io"
	"slices"

	"extauthz/diag"
	"extauthz/nearest"
)

func helpUsage() command {
	return command{
		name: "help", summary: "print the commands, or how to use one command",
		usage:   []string{"[COMMAND]"},
		example: "who-can",
		flags:   noFlags, run: help,
	}
}

// help prints the commands, or the flags of one command.
func help(in *invocation) error {
	arguments, err := parseMixed(newFlags(), in)
	if err != nil {
		return err
	}
	switch len(arguments) {
	case 0:
		printCommands(in.stdout)
		return nil
	case 1:
		return helpOn(in.stdout, arguments[0])
	}
	return inputError{diag.Problemf("unexpected argument %q", arguments[1]).WithRemedy("give one command")}
}

func printCommands(w io.Writer) {
	fmt.Fprint(w, "extauthz authorizes the requests to an OCI registry with AWS IAM policies, as Envoy's ext_authz service.\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-20s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nextauthz help COMMAND prints how to use a command.\n")
}

func helpOn(w io.Writer, name string) error {
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == name })
	if i < 0 {
		return unknownCommand(name)
	}
	c := commands()[i]
	c.help(w)
	return nil
}

// unknownCommand returns the error of a command that does not exist, with the one that is probably
// meant.
func unknownCommand(name string) error {
	var known []string
	for _, c := range commands() {
		known = append(known, c.name)
	}
	remedy := "see extauthz help"
	if meant := nearest.To(name, slices.Values(known), len(name)/3); meant != "" {
		remedy = "did you mean " + meant + "?"
	}
	return inputError{diag.Problemf("unknown command %q", name).WithRemedy(remedy)}
}
