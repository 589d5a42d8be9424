package lint

import (
	"fmt"
	"sync"

	"extauthz/diag"
	"extauthz/iam"
)

// A reporter collects findings.
type reporter struct {
	onDisk   func(path string) string // what a file is called on disk; nil if that does not matter
	findings diag.List
}

// severities are the severities that the page of a code gives.
type severities struct{ always, ofDeny diag.Severity }

// severitiesOf returns the severities by code. It keeps no text of a page, because the
// sidecar needs none.
var severitiesOf = sync.OnceValue(func() map[string]severities {
	all := map[string]severities{}
	for _, p := range Pages() {
		all[p.Code] = severities{p.Severity, p.SeverityOfDeny}
	}
	return all
})

// report adds a finding, with the severity that the page of its code gives.
func (r *reporter) report(at diag.Position, code string, problem, remedy message) {
	r.add(severitiesOf()[code].always, at, code, problem, remedy)
}

// reportOf is report for a finding about a statement, or what has the effect of one: the
// page may give another severity for a Deny.
func (r *reporter) reportOf(effect iam.Effect, at diag.Position, code string, problem, remedy message) {
	if effect == iam.Allow {
		r.report(at, code, problem, remedy)
		return
	}
	r.add(severitiesOf()[code].ofDeny, at, code, problem, remedy)
}

func (r *reporter) add(severity diag.Severity, at diag.Position, code string, problem, remedy message) {
	d := diag.Diagnostic{Position: r.shown(at), Severity: severity, Code: code, Problem: problem.text, Remedy: remedy.text}
	identity := diag.New(at, problem.identity, remedy.identity).Message()
	if identity != d.Message() {
		d.Identity = identity
	}
	r.findings = append(r.findings, d)
}

// shown returns the position with the file's name on disk.
func (r *reporter) shown(at diag.Position) diag.Position {
	if r.onDisk != nil {
		at.File = r.onDisk(at.File)
	}
	return at
}

// A message is a text with and without the positions in it.
type message struct{ text, identity string }

// messagef formats a message. Arguments that are positions or points are left out of
// its identity.
func messagef(format string, args ...any) message {
	return message{fmt.Sprintf(format, args...), fmt.Sprintf(format, withoutPositions(args)...)}
}

func withoutPositions(args []any) []any {
	others := make([]any, len(args))
	for i, arg := range args {
		switch arg.(type) {
		case diag.Point, diag.Position:
			others[i] = ""
		default:
			others[i] = arg
		}
	}
	return others
}
