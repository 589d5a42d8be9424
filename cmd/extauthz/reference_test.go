package main

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// TestReference compares REFERENCE.md with what help says.
func TestReference(t *testing.T) {
	goldentest.Compare(t, "REFERENCE.md", reference())
}

// reference returns the page about all commands.
func reference() string {
	var page strings.Builder
	page.WriteString(`# Commands

This page has what ` + "`extauthz help COMMAND`" + ` prints about each command.
[Running extauthz](README.md) describes what the commands have in common.

| command | what it does |
| --- | --- |
`)
	for _, c := range commands() {
		fmt.Fprintf(&page, "| [`%[1]s`](#%[1]s) | %[2]s |\n", c.name, inTable(c.summary))
	}
	for _, c := range commands() {
		writeReference(&page, &c)
	}
	return page.String()
}

// writeReference writes the section about a command.
func writeReference(page *strings.Builder, c *command) {
	fmt.Fprintf(page, "\n## %s\n\n%s%s.\n\n```text\n", c.name, strings.ToUpper(c.summary[:1]), c.summary[1:])
	for _, form := range c.forms() {
		fmt.Fprintln(page, c.line(form))
	}
	page.WriteString("```\n\n")
	if flags := c.declared(); len(flags) > 0 {
		if c.environment {
			page.WriteString("The environment can set the flags of `serve`, as `EXTAUTHZ_LISTEN` sets `--listen`.\nA flag takes precedence.\n\n")
		}
		page.WriteString("| flag | default | meaning |\n| --- | --- | --- |\n")
		for _, f := range flags {
			value := ""
			if f.defaultValue != "" {
				value = "`" + f.defaultValue + "`"
			}
			fmt.Fprintf(page, "| `%s` | %s | %s |\n", f.form(), value, inTable(f.usage))
		}
		page.WriteString("\n")
	}
	codes := c.exitCodes()
	fmt.Fprintf(page, "Exit codes: 0 %s; 1 %s; 2 %s.\n\n", codes[0], strings.ReplaceAll(codes[1], "; or", ", or"), codes[2])
	fmt.Fprintf(page, "Example: `%s`\n", c.line(c.example))
}

// inTable returns text for a cell of a table in Markdown.
func inTable(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`).Replace(text)
}
