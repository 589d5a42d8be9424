package main

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"flag"

	"extauthz/diag"
)

func completionUsage() command {
	return command{
		name: "completion", summary: "print a script that completes command lines in a shell",
		usage: []string{
			"SHELL",
			"--words -- WORD...",
		},
		example: "bash",
		flags:   new(completionCommand).declare, run: completion,
	}
}

// scripts contains a script for each shell. It runs the program with --words, which prints
// what completes the word at the cursor.
//
//go:embed completion
var scripts embed.FS

// shells returns the shells that have a script.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// completionCommand contains the flags of completion.
type completionCommand struct{ words bool }

// declare adds the flags of completion. Parsing them sets c.
func (c *completionCommand) declare(flags *flag.FlagSet) {
	flags.BoolVar(&c.words, "words", false, "for the scripts: print what completes the last WORD of a command line, whose name is left out")
}

// completion prints a script, or what completes a command line.
func completion(in *invocation) error {
	c := new(completionCommand)
	arguments, err := in.parse(c)
	switch {
	case err != nil:
		return err
	case c.words && len(arguments) > 0:
		return complete(arguments).write(in.stdout)
	case len(arguments) != 1:
		return inputError{diag.Problemf("one shell is required, not %d", len(arguments)).WithRemedy("give " + oneOf(shells()))}
	case !slices.Contains(shells(), arguments[0]):
		return inputError{diag.Problemf("shell %q has no completion", arguments[0]).WithRemedy("give " + oneOf(shells()))}
	}
	script, err := scripts.ReadFile("completion/" + arguments[0])
	if err != nil {
		return err
	}
	_, err = in.stdout.Write(script)
	return err
}

// candidates is what completes a word: files, directories or values.
type candidates struct {
	kind   string // files, directories or values
	values []candidate
}

// candidate is a word, and what it means.
type candidate struct{ word, meaning string }

// write writes the kind as a line, and each value with its meaning as a line.
func (c candidates) write(to io.Writer) error {
	var text strings.Builder
	fmt.Fprintln(&text, c.kind)
	for _, v := range c.values {
		fmt.Fprintf(&text, "%s\t%s\n", v.word, v.meaning)
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// matching returns the candidates that begin with prefix, each after before. It leaves out
// words that a shell would have to quote: names in a policy directory can be anything.
func (c candidates) matching(before, prefix string) candidates {
	var found []candidate
	for _, v := range c.values {
		if strings.HasPrefix(v.word, prefix) && !strings.ContainsFunc(v.word, isSpecial) {
			found = append(found, candidate{before + v.word, v.meaning})
		}
	}
	return candidates{c.kind, found}
}

// isSpecial reports whether a shell could read a character as something else than itself.
func isSpecial(c rune) bool {
	isAlphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !isAlphanumeric && !strings.ContainsRune("-_.,:/@+=", c)
}
