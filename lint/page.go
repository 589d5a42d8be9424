package lint

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"extauthz/diag"
)

//go:embed pages/*.md
var pages embed.FS

// A Page explains a code. Its text is Markdown:
//
//	# CODE
//	Severity: suggestion; of a Deny: warning
//	A sentence that says what the finding is, and optionally more paragraphs.
//	## Why
//	## Fix
//	## Bad
//	## Good
//
// A page gives the severity for a Deny if it differs: a Deny without effect is worse
// than an Allow without effect.
//
// The last two sections contain files of a policy directory. Each is a line with the
// path in backquotes and a colon, followed by a code block.
type Page struct {
	diag.Rule
	SeverityOfDeny diag.Severity
}

// sections returns the headings of a page, in order.
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
			continue // impossible: it is embedded
		}
		all = append(all, readPage(strings.TrimSuffix(path.Base(name), ".md"), string(text)))
	}
	return all
}

// readPage splits a page into its parts. A missing part stays empty, which is a fault
// of the page that the tests find.
func readPage(code, text string) Page {
	p := Page{Rule: diag.Rule{Code: code, Markdown: text}}
	head, rest, _ := strings.Cut(text, sections()[0])
	_, head, _ = strings.Cut(head, "\nSeverity: ")
	severities, body, _ := strings.Cut(head, "\n")
	severity, ofDeny, differs := strings.Cut(severities, "; of a Deny: ")
	p.Severity, _ = diag.ParseSeverity(severity)
	p.SeverityOfDeny = p.Severity
	if differs {
		p.SeverityOfDeny, _ = diag.ParseSeverity(ofDeny)
	}
	p.Summary, _, _ = strings.Cut(strings.TrimSpace(body), "\n\n")
	p.Summary = strings.ReplaceAll(p.Summary, "\n", " ")
	p.Why, rest, _ = strings.Cut(rest, sections()[1])
	p.Why = strings.TrimSpace(p.Why)
	rest, _, _ = strings.Cut(rest, sections()[2])
	p.Fix = strings.TrimSpace(rest)
	return p
}

// SARIFRules returns what a SARIF log contains about all codes, ordered by code.
func SARIFRules() []diag.Rule {
	pages := Pages()
	rules := make([]diag.Rule, len(pages))
	for i, p := range pages {
		rules[i] = p.Rule
	}
	return rules
}

// Explain returns the page of a code.
func Explain(code string) (Page, error) {
	var codes []string
	for _, p := range Pages() {
		if p.Code == code {
			return p, nil
		}
		codes = append(codes, p.Code)
	}
	return Page{}, diag.Problemf("code %q does not exist", code).WithRemedy("use one of " + strings.Join(codes, ", "))
}
