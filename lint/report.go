package lint

import (
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
)

// A reporter collects findings.
type reporter struct {
	pages         map[string]Page          // by code
	onDisk        func(path string) string // what a file is called on disk
	findings      diag.List
	placeholderAt map[diag.Position]bool
}

func newReporter(onDisk func(path string) string) reporter {
	r := reporter{pages: map[string]Page{}, onDisk: onDisk, placeholderAt: map[diag.Position]bool{}}
	for _, p := range Pages() {
		r.pages[p.Code] = p
	}
	return r
}

// report adds a finding, with the severity that the page of its code gives.
func (r *reporter) report(at diag.Position, code string, problem, remedy message) {
	r.add(r.pages[code].Severity, at, code, problem, remedy)
}

// reportOf is report for a finding about a statement, or what has the effect of one: the
// page may give another severity for a Deny.
func (r *reporter) reportOf(effect iam.Effect, at diag.Position, code string, problem, remedy message) {
	if effect == iam.Allow {
		r.report(at, code, problem, remedy)
		return
	}
	r.add(r.pages[code].SeverityOfDeny, at, code, problem, remedy)
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
	at.File = r.onDisk(at.File)
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

// addCompiled adds the findings of loading the directory, except those in statements
// that are not about ECR. It leaves out a policy variable that is reported as a
// placeholder.
func (l *linter) addCompiled(compiled diag.List) {
	foreign := l.foreignFindings()
	for _, f := range compiled {
		if f.Code == "literal-variable" && l.placeholderAt[f.Position] || foreign[f] {
			continue
		}
		f.Position, f.Severity = l.shown(f.Position), l.pages[f.Code].Severity
		l.findings = append(l.findings, f)
	}
}

// foreignFindings returns the findings of policies about other services.
func (l *linter) foreignFindings() map[diag.Diagnostic]bool {
	foreign := map[diag.Diagnostic]bool{}
	for _, policy := range l.contents.Policies {
		for _, f := range policy.Findings() {
			if !l.concernsECR(policy, f.Point) {
				foreign[f] = true
			}
		}
	}
	return foreign
}

func (l *linter) concernsECR(policy *iam.Policy, at diag.Point) bool {
	if policy.Kind == iam.TrustPolicy {
		return l.isChecked(policy)
	}
	return l.documentOf(policy).concernsECR(at)
}
