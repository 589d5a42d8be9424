package lint

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/policystore"
)

// Directory checks a policy directory and returns the findings, sorted. It returns an
// error only if the directory cannot be read.
func Directory(dir string) (diag.List, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("%w; give a policy directory that can be read", err)
	}
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	if err != nil {
		return unloadable(err), nil
	}
	l := newLinter(snapshot, snapshot.Contents())
	l.run(snapshot.Findings)
	return l.findings.Sorted(), nil
}

// unloadable returns a diagnostic for each fault that keeps the directory from loading.
func unloadable(err error) diag.List {
	faults := slices.Clone(diag.Of(err))
	for i, f := range faults {
		f.Code, f.Problem = "unloadable", strings.ReplaceAll(f.Problem, "\n", "; ")
		f.File = cmp.Or(f.File, ".")
		faults[i] = f
	}
	return faults
}

// A linter checks the contents of one snapshot.
type linter struct {
	lookup
	reporter
}

func newLinter(s *policystore.Snapshot, contents policystore.Contents) *linter {
	return &linter{newLookup(s, contents), newReporter(s.OnDisk)}
}

// statementRules returns the rules about one statement of a policy. Each checks one
// subject, and the file of that name contains it.
func (l *linter) statementRules() []func(*document, *statement) {
	return []func(*document, *statement){
		l.actions, l.resources, l.principals, l.placeholders, l.redundantElements,
		l.conditionKeys, l.conditionValues, l.contradictions, l.digests, l.trust,
	}
}

// documentRules returns the rules about one policy.
func (l *linter) documentRules() []func(*document) {
	return []func(*document){l.redundantStatements, l.deniedElsewhere}
}

// directoryRules returns the rules about several policies, or about other files.
func (l *linter) directoryRules() []func() {
	return []func(){l.pullAndPush, l.login, l.credentials, l.unused, l.organization}
}

// run runs all rules. It adds the findings that compiling the directory returned.
func (l *linter) run(compiled diag.List) {
	for _, policy := range l.contents.Policies {
		if !l.isChecked(policy) {
			continue
		}
		d := l.documentOf(policy)
		for i := range d.statements {
			for _, rule := range l.statementRules() {
				rule(d, &d.statements[i])
			}
		}
		for _, rule := range l.documentRules() {
			rule(d)
		}
	}
	for _, rule := range l.directoryRules() {
		rule()
	}
	l.addCompiled(compiled)
}
