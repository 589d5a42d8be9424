package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"extauthz/diag"
)

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
	fmt.Fprint(w, "\nextauthz help COMMAND prints a command's flags.\n")
}

func helpOn(w io.Writer, name string) error {
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == name })
	if i < 0 {
		return inputError{diag.Problemf("unknown command %q", name).WithRemedy("see extauthz help")}
	}
	c := commands()[i]
	fmt.Fprintf(w, "extauthz %s: %s\n", c.name, c.summary)
	c.printFlags(w)
	fmt.Fprintf(w, "\nExample:\n  %s\n", exampleOf(c.name))
	return nil
}

// printFlags prints the flags with their defaults.
func (c *command) printFlags(w io.Writer) {
	title := "\nFlags:\n"
	if c.environment {
		title = "\nFlags (the environment can set those of serve, as EXTAUTHZ_LISTEN sets --listen; a flag takes precedence):\n"
	}
	flags := newFlags()
	c.flags(flags)
	flags.VisitAll(func(f *flag.Flag) {
		fmt.Fprint(w, title)
		title = ""
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  %s\n        %s", strings.TrimRight(printedFlag(f.Name)+" "+strings.ToUpper(value), " "), usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}
