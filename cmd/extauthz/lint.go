package main

import (
	"flag"
	"io"
	"path/filepath"
	"strings"

	"extauthz/diag"
	"extauthz/lint"
)

func lintUsage() command {
	return command{
		name: "lint", summary: "report likely mistakes in a policy directory",
		usage: []string{
			"DIR",
			"--policies DIR",
			"--explain CODE",
		},
		example:  "policies --fail-on error",
		negative: "there is a finding at least as severe as --fail-on",
		flags:    new(lintCommand).declare, run: lintDirectory,
	}
}

// lintDirectory reports likely mistakes in a policy directory. A finding at least as
// severe as --fail-on is a negative result.
func lintDirectory(in *invocation) error {
	c := new(lintCommand)
	arguments, err := in.parse(c)
	if err != nil {
		return err
	}
	if c.explain != "" {
		return c.explainCode(in, arguments)
	}
	dir, err := c.directory(arguments, in)
	if err != nil {
		return err
	}
	checking := in.begin("checking policies")
	findings, err := lint.Directory(dir)
	checking.end()
	if err != nil {
		return inputError{err}
	}
	return c.write(in.stdout, findings, in.command, lint.SARIFRules(), prefixOf(dir))
}

// explainCode prints the page of a code.
func (c *lintCommand) explainCode(in *invocation, arguments []string) error {
	switch {
	case len(arguments) > 0:
		return inputError{diag.Problemf("unexpected argument %q", arguments[0]).WithRemedy("leave it out, because --explain needs no directory")}
	case c.policies != "":
		return inputError{diag.Problemf("--policies cannot be combined with --explain").WithRemedy("leave it out, because --explain needs no directory")}
	case c.format != "text":
		return inputError{diag.Problemf("--format %s cannot be combined with --explain", c.format).WithRemedy("leave it out, because a page is text")}
	}
	page, err := lint.Explain(c.explain)
	if err != nil {
		return inputErrorf("--explain: %w", err)
	}
	_, err = io.WriteString(in.stdout, page.Markdown)
	return err
}

// prefixOf returns the path of dir below the working directory, which in CI is the root of
// the repository. It is "" if dir is not below it.
func prefixOf(dir string) string {
	clean := filepath.ToSlash(filepath.Clean(dir))
	if filepath.IsAbs(dir) || clean == "." || strings.HasPrefix(clean, "../") || clean == ".." {
		return ""
	}
	return clean
}

// lintCommand contains the flags of lint.
type lintCommand struct {
	findingFlags
	directoryFlag
	explain string
}

// declare adds the flags of lint. Parsing them sets c.
func (c *lintCommand) declare(flags *flag.FlagSet) {
	c.findingFlags.declare(flags)
	c.directoryFlag.declare(flags)
	flags.StringVar(&c.explain, "explain", "", "instead of checking a directory, print what the `CODE` of a finding means and how to fix it")
}
