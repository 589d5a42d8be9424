package main

import (
	"flag"
	"io"
	"path/filepath"
	"strings"

	"extauthz/diag"
	"extauthz/lint"
)

// lintDirectory reports likely mistakes in a policy directory. A finding at least as
// severe as --fail-on is a negative result.
func lintDirectory(in *invocation) error {
	c, flags := new(lintCommand), newFlags()
	c.declare(flags)
	arguments, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	if c.explain != "" {
		return c.explainCode(in, arguments)
	}
	dir, err := oneDirectory(arguments, in)
	if err != nil {
		return err
	}
	findings, err := lint.Directory(dir)
	if err != nil {
		return inputError{err}
	}
	if err := c.write(in.stdout, findings, dir); err != nil {
		return inputError{err} // not a negative result, which has the exit code 1
	}
	if findings.Reaches(c.failOn) {
		return errNegative
	}
	return nil
}

// explainCode prints the page of a code.
func (c *lintCommand) explainCode(in *invocation, arguments []string) error {
	if len(arguments) > 0 {
		return inputError{diag.Problemf("unexpected argument %q", arguments[0]).WithRemedy("leave it out, because --explain needs no directory")}
	}
	page, err := lint.Explain(c.explain)
	if err != nil {
		return inputErrorf("--explain: %w", err)
	}
	_, err = io.WriteString(in.stdout, page.Markdown)
	return err
}

func (c *lintCommand) write(to io.Writer, findings diag.List, dir string) error {
	switch c.format {
	case jsonFormat:
		return diag.WriteJSON(to, findings)
	case sarifFormat:
		return diag.WriteSARIF(to, findings, lint.SARIFRules(), prefixOf(dir), readBuild().version)
	case textFormat:
	}
	return diag.WriteText(to, findings)
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

// lintFormat is the output format of findings.
type lintFormat uint8

const (
	textFormat lintFormat = iota
	jsonFormat
	sarifFormat
)

// lintCommand contains the flags of lint.
type lintCommand struct {
	format  lintFormat
	failOn  diag.Severity
	explain string
}

// declare adds the flags of lint. Parsing them sets c.
func (c *lintCommand) declare(flags *flag.FlagSet) {
	c.failOn = diag.Warning
	flags.Func("format", "output `FORMAT`: text, with a line for each finding; json; or sarif, for code scanning (default text)", c.setFormat)
	flags.Func("fail-on", "the lowest `SEVERITY` that makes the exit code 1: error, warning or suggestion (default warning)", c.setFailOn)
	flags.StringVar(&c.explain, "explain", "", "instead of checking a directory, print what the `CODE` of a finding means and how to fix it")
}

func (c *lintCommand) setFormat(value string) error {
	for format, name := range [...]string{"text", "json", "sarif"} {
		if value == name {
			c.format = lintFormat(format)
			return nil
		}
	}
	return diag.Problemf("%q is not a format", value).WithRemedy("write text, json or sarif")
}

func (c *lintCommand) setFailOn(value string) (err error) {
	c.failOn, err = diag.ParseSeverity(value)
	return err
}
