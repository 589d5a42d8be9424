package main

import (
	"flag"
	"io"

	"extauthz/diag"
)

// findingFormat is the output format of findings.
type findingFormat uint8

const (
	textFormat findingFormat = iota
	jsonFormat
	sarifFormat
)

// findingFlags contains the flags of commands that report findings.
type findingFlags struct {
	format findingFormat
	failOn diag.Severity
}

// declare adds the flags. Parsing them sets c.
func (c *findingFlags) declare(flags *flag.FlagSet) {
	c.failOn = diag.Warning
	flags.Func("format", "output `FORMAT`: text, with a line for each finding; json; or sarif, for code scanning (default text)", c.setFormat)
	flags.Func("fail-on", "the lowest `SEVERITY` that makes the exit code 1: error, warning or suggestion (default warning)", c.setFailOn)
}

func (c *findingFlags) setFormat(value string) error {
	for format, name := range [...]string{"text", "json", "sarif"} {
		if value == name {
			c.format = findingFormat(format)
			return nil
		}
	}
	return diag.Problemf("%q is not a format", value).WithRemedy("write text, json or sarif")
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
	case jsonFormat:
		return diag.WriteJSON(to, findings)
	case sarifFormat:
		return diag.WriteSARIF(to, findings, diag.Tool{Name: "extauthz " + command, Version: readBuild().version, Rules: rules}, prefix)
	case textFormat:
	}
	return diag.WriteText(to, findings)
}
