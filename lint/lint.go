package lint

import (
	"fmt"
	"os"
	"strconv"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// Directory judges a policy directory. An error says that the directory itself
// cannot be read; all that is wrong in it is a finding.
func Directory(dir string) ([]Finding, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("%w; name a policy directory that can be read", err)
	}
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	if err != nil {
		return []Finding{unloadable(dir, err)}, nil
	}
	l := newLinter(snapshot)
	l.run(snapshot.Findings)
	return inOrder(l.findings), nil
}

// A linter judges one snapshot.
type linter struct {
	pages        map[string]Page // by code
	onDisk       func(path string) string
	contents     policystore.Contents
	registries   []*policystore.Registry
	callersOf    *identity.Table
	credentialed *standIns
	verified     map[string]bool // names of issuers whose tokens are verified here
	documents    map[*iam.Policy]*document
	attached     map[*iam.Policy]bool        // to a user or role, as identity or trust policy
	holders      map[*iam.Policy][]principal // users and roles with the policy
	operators    map[*iam.Policy]bool        // written by the operator
	idleTrust    map[*iam.Policy]bool        // of exported roles that have no part here
	named        map[string]bool             // ARNs that policies of repositories and registries allow something
	accounts     map[string]bool             // that have principals in the directory
	known        map[string]bool             // ARNs of users and roles, as policies may name them
	findings     []Finding
	told         map[Finding]bool           // those
	placeheld    map[policystore.Place]bool // where a placeholder was found
	tagged       bool                       // repositories have tags

	// usedOtherwise has the places of boundaries and session policies.
	usedOtherwise map[policystore.Place]bool
}

func newLinter(s *policystore.Snapshot) *linter {
	l := &linter{
		pages: map[string]Page{}, onDisk: s.OnDisk, contents: s.Contents(), told: map[Finding]bool{}, placeheld: map[policystore.Place]bool{},
		callersOf: s.Callers, credentialed: standInsOf(s.Contents().Credentials), verified: map[string]bool{},
		tagged: s.Summary.TaggedRepositories > 0,
	}
	for _, p := range Pages() {
		l.pages[p.Code] = p
	}
	for _, i := range s.Issuers() {
		l.verified[i.Name] = i.JWKS != ""
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
		l.missingKeys, l.unprovenMFA, l.values, l.contradictions, l.evadedByDigest, l.sharedProvider, l.unmetAudience,
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
			l.hiddenElsewhere(d)
		}
	}
	l.together()
	l.callers()
	l.credentials()
	l.closedLevels()
	l.unboundControls()
	l.addCompiled(compiled)
}

// report adds a finding, as severe as the page of its code says.
func (l *linter) report(source string, at iam.Position, code, format string, args ...any) {
	l.add(l.pages[code].Severity, source, at, code, fmt.Sprintf(format, args...))
}

// reporterOf is report for what has that effect: as severe as the page says of it.
func (l *linter) reporterOf(effect iam.Effect) func(source string, at iam.Position, code, format string, args ...any) {
	if effect == iam.Allow {
		return l.report
	}
	return func(source string, at iam.Position, code, format string, args ...any) {
		l.add(l.pages[code].OfDeny, source, at, code, fmt.Sprintf(format, args...))
	}
}

func (l *linter) add(severity Severity, source string, at iam.Position, code, message string) {
	f := Finding{Source: source, Line: at.Line, Column: at.Column, Severity: severity, Code: code, Message: message}
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
