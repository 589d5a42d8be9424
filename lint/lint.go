package lint

import (
	"fmt"
	"os"
	"strconv"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/policystore"
)

// Directory judges a policy directory. An error says that the directory itself
// cannot be read; all that is wrong in it is a finding.
func Directory(dir string) ([]Finding, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("%w; name a policy directory that can be read", err)
	}
	severities := map[string]Severity{}
	for _, p := range Pages() {
		severities[p.Code] = p.Severity
	}
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	if err != nil {
		f := unloadable(dir, err)
		f.Severity = severities[f.Code]
		return []Finding{f}, nil
	}
	l := newLinter(snapshot, severities)
	l.run(snapshot.Findings)
	return inOrder(l.findings), nil
}

// A linter judges one snapshot.
type linter struct {
	severities map[string]Severity // by code
	onDisk     func(path string) string
	contents   policystore.Contents
	registries []*policystore.Registry
	documents  map[*iam.Policy]*document
	attached   map[*iam.Policy]bool // to a user or role, as identity or trust policy
	accounts   map[string]bool      // that have principals in the directory
	known      map[string]bool      // ARNs of users and roles, as policies may name them
	findings   []Finding
	told       map[Finding]bool // those
	tagged     bool             // repositories have tags

	// usedOtherwise has the places of boundaries and session policies.
	usedOtherwise map[policystore.Place]bool
}

func newLinter(s *policystore.Snapshot, severities map[string]Severity) *linter {
	l := &linter{
		severities: severities, onDisk: s.OnDisk, contents: s.Contents(), told: map[Finding]bool{},
		tagged: s.Summary.TaggedRepositories > 0,
	}
	for _, name := range s.RegistryNames() {
		l.registries = append(l.registries, s.RegistryNamed(name))
	}
	return l
}

// statementRules are the rules about one statement.
func (l *linter) statementRules() []func(*document, *statement) {
	return []func(*document, *statement){
		l.misspeltServices, l.placeholders, l.tokenOfRepository, l.allowNot, l.redundantWords,
		l.resources, l.wildcardResource,
		l.notPrincipal, l.anyPrincipal, l.anonymousWrite, l.unknownPrincipals,
		l.missingKeys, l.values, l.contradictions, l.evadedByDigest, l.sharedProvider, l.unmetAudience,
	}
}

func (l *linter) run(compiled []iam.Finding) {
	l.index()
	for _, policy := range l.contents.Policies {
		if d := l.documentOf(policy); l.judged(policy) {
			for i := range d.statements {
				for _, rule := range l.statementRules() {
					rule(d, &d.statements[i])
				}
			}
			l.hidden(d)
		}
	}
	l.together()
	l.callers()
	l.credentials()
	l.closedLevels()
	l.addCompiled(compiled)
}

// addCompiled adds what was found when the directory was compiled. A placeholder
// that looks like a policy variable is told once, as what it is.
func (l *linter) addCompiled(compiled []iam.Finding) {
	told := map[policystore.Place]bool{}
	for _, f := range l.findings {
		if f.Code == "placeholder" {
			told[policystore.Place{Source: f.Source, Position: iam.Position{Line: f.Line, Column: f.Column}}] = true
		}
	}
	for _, f := range compiled {
		if f.Code != "literal-variable" || !told[policystore.Place{Source: f.Source, Position: f.Position}] {
			l.report(f.Source, f.Position, f.Code, "%s", f.Message)
		}
	}
}

func (l *linter) report(source string, at iam.Position, code, format string, args ...any) {
	f := Finding{
		Source: source, Line: at.Line, Column: at.Column,
		Severity: l.severities[code], Code: code, Message: fmt.Sprintf(format, args...),
	}
	if m := placed.FindStringSubmatch(source + ": "); m != nil {
		f.inString(m)
	}
	f.Source = l.onDisk(f.Source)
	if !l.told[f] {
		l.told[f] = true
		l.findings = append(l.findings, f)
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
