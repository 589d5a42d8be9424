package main

import (
	"io"
	"path/filepath"
	"strings"

	"extauthz/diag"
	"extauthz/lint"
)

// lintDirectory prints what is suspicious in a policy directory. Findings as
// severe as --fail-on are a negative answer.
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
		return inputError{err} // and no negative answer, which is the exit code 1
	}
	if findings.Reaches(c.failOn) {
		return errNegative
	}
	return nil
}

// explainCode prints the page of a code.
func (c *lintCommand) explainCode(in *invocation, arguments []string) error {
	if len(arguments) > 0 {
		return inputErrorf("unexpected argument %q; --explain takes a code alone", arguments[0])
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
		return diag.WriteSARIF(to, findings, lint.Rules(), prefixOf(dir), readBuild().version)
	case textFormat:
	}
	return diag.WriteText(to, findings)
}

// prefixOf is the path from the working directory, which in CI is the root of
// the repository, to dir; "" where dir is not below it.
func prefixOf(dir string) string {
	clean := filepath.ToSlash(filepath.Clean(dir))
	if filepath.IsAbs(dir) || clean == "." || strings.HasPrefix(clean, "../") || clean == ".." {
		return ""
	}
	return clean
}
