package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// help prints the commands, or the flags of the one it is asked about.
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
	return inputErrorf("unexpected argument %q; name one command", arguments[1])
}

func printCommands(w io.Writer) {
	fmt.Fprint(w, "extauthz authorises an OCI registry's requests with AWS IAM policies, as Envoy's ext_authz service.\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nextauthz help COMMAND prints a command's flags.\n")
}

func helpOn(w io.Writer, name string) error {
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == name })
	if i < 0 {
		return inputErrorf("unknown command %q; see extauthz help", name)
	}
	c := commands()[i]
	fmt.Fprintf(w, "extauthz %s: %s\n", c.name, c.summary)
	c.printFlags(w)
	return nil
}

// printFlags lists the flags with their defaults.
func (c *command) printFlags(w io.Writer) {
	title := "\nFlags:\n"
	if c.environment {
		title = "\nFlags (the environment sets those of serve too: EXTAUTHZ_LISTEN is --listen; the flag wins):\n"
	}
	c.flags().VisitAll(func(f *flag.Flag) {
		fmt.Fprint(w, title)
		title = ""
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  %s\n        %s", strings.TrimRight(dashed(f.Name)+" "+strings.ToUpper(value), " "), usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}

// dashed is how a flag is typed by custom, though one or two dashes are the same.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
