package clients

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"extauthz/goldentest"
)

// sections are the sections of this run, by client.
var sections sync.Map

// table returns the table of README.md with the reasons below it.
func table() string {
	var b strings.Builder
	var reasons []string
	fmt.Fprint(&b, "| client |")
	for _, at := range operations {
		fmt.Fprintf(&b, " %s |", at)
	}
	fmt.Fprintf(&b, "\n|---|%s\n", strings.Repeat("---|", len(operations)))
	for _, c := range clients {
		fmt.Fprintf(&b, "| %s |", c.name)
		for _, at := range operations {
			cell := c.cell(at)
			if cell == "" {
				if !slices.Contains(reasons, c.gap(at)) {
					reasons = append(reasons, c.gap(at))
				}
				cell = fmt.Sprint(slices.Index(reasons, c.gap(at)) + 1)
			}
			fmt.Fprintf(&b, " %s |", cell)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b)
	for i, reason := range reasons {
		fmt.Fprintf(&b, "%d. %s%s.\n", i+1, strings.ToUpper(reason[:1]), reason[1:])
	}
	return b.String() + "\n# What they print\n\n"
}

// cell returns the cell of a client and an operation, or "" if the client does not have it.
func (c *client) cell(at operation) string {
	switch {
	case c.verb(at) == nil:
		return ""
	case at == c.exitsZero:
		return "denied, exits 0"
	case at == deniedHead && c.headText != "", at != deniedHead && denials[at].verb != "" && c.denialText != "":
		return "denied, no reason"
	case denials[at].verb != "":
		return "denied"
	case at == copies && c.mounts:
		return "yes, mounts"
	case at == copies:
		return "yes, uploads"
	}
	return "yes"
}

// page returns README.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sectionOf returns the client's section of README.md, or "".
func sectionOf(t *testing.T, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(page(t), "\n## "+name+"\n")
	if !found {
		return ""
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	return "## " + name + "\n" + section
}

// writePage writes README.md. It keeps the sections of clients that did not run.
func writePage(t *testing.T) {
	t.Helper()
	text := head + table()
	for _, c := range clients {
		section, ran := sections.Load(c.name)
		if !ran {
			section = sectionOf(t, c.name)
		}
		text += strings.TrimSpace(section.(string)) + "\n\n"
	}
	if err := os.WriteFile(readme, []byte(strings.TrimSpace(text)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPage checks that README.md has the table of the test.
func TestPage(t *testing.T) {
	if goldentest.Updating() {
		t.Skip("TestClients updates README.md")
	}
	if want := head + table(); !strings.HasPrefix(page(t), want) {
		t.Errorf("README.md does not begin with\n%s", want)
	}
}
