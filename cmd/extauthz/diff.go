package main

import (
	"flag"

	"extauthz/access"
	"extauthz/diag"
)

func diffUsage() command {
	return command{
		name: "diff", summary: "report the access that one policy directory grants and another does not",
		usage:    []string{"OLD NEW"},
		example:  "policies.main policies --no-new-access",
		negative: "with --no-new-access: the new directory grants more, or that cannot be ruled out",
		flags:    new(diffCommand).declare, run: diff,
	}
}

// diffCommand contains the flags of diff.
type diffCommand struct {
	format      string
	noNewAccess bool
}

// declare adds the flags. Parsing them sets c.
func (c *diffCommand) declare(flags *flag.FlagSet) {
	declareFormat(flags, &c.format, "the differences", "text", "json", "csv")
	flags.BoolVar(&c.noNewAccess, "no-new-access", false, "exit with 1 if the new directory grants something that the old one does not, or if that cannot be ruled out")
}

// diff prints the difference between the access that two directories grant.
func diff(in *invocation) error {
	c := new(diffCommand)
	arguments, err := in.parse(c)
	if err != nil {
		return err
	}
	switch {
	case len(arguments) < 2:
		return inputError{diag.Problemf("two directories are required").WithRemedy("write extauthz diff OLD NEW")}
	case len(arguments) > 2:
		return inputError{diag.Problemf("unexpected argument %q", arguments[2]).WithRemedy("give two directories")}
	}
	var directories [2]*access.Directory
	for i, dir := range arguments {
		if _, directories[i], err = openAccess(in, dir); err != nil {
			return err
		}
	}
	comparing := in.begin("comparing principals")
	d := access.Compare(directories[0], directories[1], comparing.count)
	comparing.end()
	return printAnswer(in.stdout, c.format, d, c.noNewAccess && d.HasNewAccess())
}
