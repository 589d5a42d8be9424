package main

import (
	"flag"
	"fmt"

	"extauthz/diag"
)

// lintFormat is how findings are written.
type lintFormat uint8

const (
	textFormat lintFormat = iota
	jsonFormat
	sarifFormat
)

// lintCommand is what the flags of lint say.
type lintCommand struct {
	format  lintFormat
	failOn  diag.Severity
	explain string
}

// declare adds the flags of lint; parsing them fills in c.
func (c *lintCommand) declare(flags *flag.FlagSet) {
	c.failOn = diag.Warning
	flags.Func("format", "`FORMAT` of the findings: text, a line for each; json; or sarif, for code scanning (default text)", c.setFormat)
	flags.Func("fail-on", "the least `SEVERITY` with which the exit code is 1: error, warning or suggestion (default warning)", c.setFailOn)
	flags.StringVar(&c.explain, "explain", "", "instead of judging a directory, print what the `CODE` of a finding means, and how to fix it")
}

func (c *lintCommand) setFormat(value string) error {
	for format, name := range [...]string{"text", "json", "sarif"} {
		if value == name {
			c.format = lintFormat(format)
			return nil
		}
	}
	return fmt.Errorf("%q is no format; write text, json or sarif", value)
}

func (c *lintCommand) setFailOn(value string) (err error) {
	c.failOn, err = diag.ParseSeverity(value)
	return err
}

func lintFlags() *flag.FlagSet {
	flags := newFlags()
	new(lintCommand).declare(flags)
	return flags
}
