package main

import (
	"flag"
	"io"

	"extauthz/diag"
)

// findingFlags contains the flags of commands that report findings.
type findingFlags struct {
	format string
	failOn diag.Severity
}

// declare adds the flags. Parsing them sets c.
func (c *findingFlags) declare(flags *flag.FlagSet) {
	c.failOn = diag.Warning
	declareFormat(flags, &c.format, "the findings, sarif for code scanning", "text", "json", "sarif")
	severities := []string{diag.Error.String(), diag.Warning.String(), diag.Suggestion.String()}
	flags.Func("fail-on", "the lowest `SEVERITY` that makes the exit code 1: "+oneOf(severities)+" (default warning)", c.setFailOn)
	acceptOnly(flags, "fail-on", severities...)
}

func (c *findingFlags) setFailOn(value string) (err error) {
	c.failOn, err = diag.ParseSeverity(value)
	return err
}

// write writes the findings of a command with some rules. prefix is the path from the root of
// a repository to the directory that the names of files begin in. A finding at least as severe
// as --fail-on is a negative result.
func (c *findingFlags) write(to io.Writer, findings diag.List, command string, rules []diag.Rule, prefix string) error {
	if err := c.writeAll(to, findings, command, rules, prefix); err != nil {
		return inputError{err} // not a negative result, which has the exit code 1
	}
	if findings.Reaches(c.failOn) {
		return errNegative
	}
	return nil
}

func (c *findingFlags) writeAll(to io.Writer, findings diag.List, command string, rules []diag.Rule, prefix string) error {
	switch c.format {
	case "json":
		return diag.WriteJSON(to, findings)
	case "sarif":
		return diag.WriteSARIF(to, findings, diag.Tool{Name: "extauthz " + command, Version: readBuild().Version, Rules: rules}, prefix)
	}
	return diag.WriteText(to, findings)
}
