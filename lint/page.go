package lint

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed pages/*.md
var pages embed.FS

// A Page explains a code. Its text is Markdown:
//
//	# CODE
//	Severity: suggestion; of a Deny: warning
//	A sentence that says what it is, and perhaps more paragraphs.
//	## Why
//	## Fix
//	## Bad
//	## Good
//
// The severity of a finding about a Deny stands there where it is another one: a
// Deny that is not in force is worse than an Allow that gives nothing.
//
// The last two sections hold files of a policy directory: each a line with the path
// between backquotes and a colon, and a code block.
type Page struct {
	Code     string
	Severity Severity
	OfDeny   Severity // of a finding about a Deny
	Summary  string   // the first paragraph
	Why      string   // the section "Why"
	Fix      string   // the section "Fix"
	Text     string   // all of it
}

// sections are the headings of a page, in order.
func sections() []string {
	return []string{"\n## Why\n", "\n## Fix\n", "\n## Bad\n", "\n## Good\n"}
}

// Pages returns the pages of all codes, ordered by code.
func Pages() []Page {
	names, _ := fs.Glob(pages, "pages/*.md") // the pattern is well formed
	slices.Sort(names)
	all := make([]Page, 0, len(names))
	for _, name := range names {
		text, err := pages.ReadFile(name)
		if err != nil {
			continue // cannot be: it is embedded
		}
		all = append(all, readPage(strings.TrimSuffix(path.Base(name), ".md"), string(text)))
	}
	return all
}

// readPage takes a page apart. What it does not find stays empty, which is an
// error of the page that the tests hold.
func readPage(code, text string) Page {
	p := Page{Code: code, Text: text}
	head, rest, _ := strings.Cut(text, sections()[0])
	_, head, _ = strings.Cut(head, "\nSeverity: ")
	words, body, _ := strings.Cut(head, "\n")
	word, ofDeny, differs := strings.Cut(words, "; of a Deny: ")
	p.Severity, _ = ParseSeverity(word)
	p.OfDeny = p.Severity
	if differs {
		p.OfDeny, _ = ParseSeverity(ofDeny)
	}
	p.Summary, _, _ = strings.Cut(strings.TrimSpace(body), "\n\n")
	p.Summary = strings.ReplaceAll(p.Summary, "\n", " ")
	p.Why, rest, _ = strings.Cut(rest, sections()[1])
	p.Why = strings.TrimSpace(p.Why)
	rest, _, _ = strings.Cut(rest, sections()[2])
	p.Fix = strings.TrimSpace(rest)
	return p
}

// Explain returns the page of a code.
func Explain(code string) (Page, error) {
	all := Pages()
	for _, p := range all {
		if p.Code == code {
			return p, nil
		}
	}
	var codes []string
	for _, p := range all {
		codes = append(codes, p.Code)
	}
	return Page{}, fmt.Errorf("no code %q; there are %s", code, strings.Join(codes, ", "))
}
