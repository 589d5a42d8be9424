package lint

import (
	"fmt"
	"os"

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
	index
	reporter
	contents   policystore.Contents
	registries []*policystore.Registry
	callersOf  *identity.Authenticator
}

func newLinter(s *policystore.Snapshot) *linter {
	l := &linter{
		reporter: newReporter(s.OnDisk), contents: s.Contents(), callersOf: s.Callers,
	}
	l.verified = map[string]bool{}
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
		l.notPrincipal, l.anyPrincipal, l.anonymousWrite, l.ownAccount, l.unknownPrincipals,
		l.missingKeys, l.unprovenMFA, l.values, l.contradictions, l.evadedByDigest, l.sharedProvider, l.unmetAudience, l.absentClaims,
	}
}

func (l *linter) run(compiled []iam.Finding) {
	l.gather()
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
