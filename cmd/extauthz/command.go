package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is a subcommand of the program, and what help says about it.
type command struct {
	name, summary string
	usage         []string            // the forms of what follows the name, none if nothing has to
	example       string              // of what follows the name
	negative      string              // the negative result that has the exit code 1; "" if there is none
	environment   bool                // the environment sets the flags that it shares with serve
	flags         func(*flag.FlagSet) // adds the command's flags
	run           func(*invocation) error
}

// line returns a command line, of what follows the name.
func (c *command) line(arguments string) string {
	return strings.TrimRight("extauthz "+c.name+" "+arguments, " ")
}

// forms returns the forms of what follows the name, at least one.
func (c *command) forms() []string {
	if len(c.usage) == 0 {
		return []string{""}
	}
	return c.usage
}

// flagsNote returns what help says about all flags.
func (c *command) flagsNote() string {
	if !c.environment {
		return ""
	}
	return " (the environment can set those of serve, as EXTAUTHZ_LISTEN sets --listen; a flag takes precedence)"
}

// exitCodes returns what the exit codes 0, 1 and 2 of the command mean.
func (c *command) exitCodes() [3]string {
	codes := [3]string{exitDone: "success", exitFailure: "a failure at run time", exitInput: "wrong usage, or input that cannot be loaded"}
	if c.negative != "" {
		codes[exitFailure] = c.negative + "; or a failure at run time"
	}
	return codes
}

// declaredFlag is a flag of a command, as help shows it.
type declaredFlag struct {
	name         string // with its dashes
	placeholder  string // of its value, "" without one
	usage        string
	defaultValue string // "" if help does not show one
}

// form returns the flag and the placeholder of its value.
func (f *declaredFlag) form() string {
	return strings.TrimRight(f.name+" "+f.placeholder, " ")
}

// meaning returns what the flag means, and its default.
func (f *declaredFlag) meaning() string {
	if f.defaultValue == "" {
		return f.usage
	}
	return fmt.Sprintf("%s (default %s)", f.usage, f.defaultValue)
}

// declared returns the flags of the command, ordered by name.
func (c *command) declared() (list []declaredFlag) {
	flags := newFlags()
	c.flags(flags)
	flags.VisitAll(func(f *flag.Flag) {
		placeholder, usage := flag.UnquoteUsage(f)
		d := declaredFlag{name: printedFlag(f.Name), placeholder: strings.ToUpper(placeholder), usage: usage}
		if f.DefValue != "false" {
			d.defaultValue = f.DefValue
		}
		list = append(list, d)
	})
	return list
}

// help prints how to use the command.
func (c *command) help(w io.Writer) {
	fmt.Fprintf(w, "extauthz %s: %s\n\nUsage:\n", c.name, c.summary)
	for _, form := range c.forms() {
		fmt.Fprintf(w, "  %s\n", c.line(form))
	}
	if flags := c.declared(); len(flags) > 0 {
		fmt.Fprintf(w, "\nFlags%s:\n", c.flagsNote())
		for _, f := range flags {
			fmt.Fprintf(w, "  %s\n        %s\n", f.form(), f.meaning())
		}
	}
	fmt.Fprint(w, "\nExit codes:\n")
	for code, meaning := range c.exitCodes() {
		fmt.Fprintf(w, "  %d  %s\n", code, meaning)
	}
	fmt.Fprintf(w, "\nExample:\n  %s\n", c.line(c.example))
}
