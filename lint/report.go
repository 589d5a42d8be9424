package lint

import (
	"fmt"
	"strconv"

	"extauthz/iam"
	"extauthz/policystore"
)

// A reporter collects findings, each once.
type reporter struct {
	pages         map[string]Page          // by code
	onDisk        func(path string) string // what a file is called there
	findings      []Finding
	told          map[Finding]bool           // those
	placeholderAt map[policystore.Place]bool // where a placeholder was found
}

func newReporter(onDisk func(path string) string) reporter {
	r := reporter{pages: map[string]Page{}, onDisk: onDisk, told: map[Finding]bool{}, placeholderAt: map[policystore.Place]bool{}}
	for _, p := range Pages() {
		r.pages[p.Code] = p
	}
	return r
}

// report adds a finding, as severe as the page of its code says.
func (r *reporter) report(source string, at iam.Position, code, format string, args ...any) {
	r.add(r.pages[code].Severity, source, at, code, fmt.Sprintf(format, args...))
}

// reporterOf is report for what has that effect: as severe as the page says of it.
func (r *reporter) reporterOf(effect iam.Effect) func(source string, at iam.Position, code, format string, args ...any) {
	if effect == iam.Allow {
		return r.report
	}
	return func(source string, at iam.Position, code, format string, args ...any) {
		r.add(r.pages[code].OfDeny, source, at, code, fmt.Sprintf(format, args...))
	}
}

func (r *reporter) add(severity Severity, source string, at iam.Position, code, message string) {
	f := Finding{Source: source, Line: at.Line, Column: at.Column, Severity: severity, Code: code, Message: message}
	if m := placed.FindStringSubmatch(source + ": "); m != nil {
		f.inString(m)
	}
	f.Source = r.onDisk(f.Source)
	if !r.told[f] {
		r.told[f] = true
		r.findings = append(r.findings, f)
	}
}

// inString moves a finding of a document that stands in a file as a string, whose
// source names the string's place, to that place: m is placed's match of it.
func (f *Finding) inString(m []string) {
	f.Message = fmt.Sprintf("%s%d:%d: %s", m[4], f.Line, f.Column, f.Message)
	f.Source = m[1]
	f.Line, _ = strconv.Atoi(m[2])
	f.Column, _ = strconv.Atoi(m[3])
}
