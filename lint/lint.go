package lint

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore"
)

// Directory checks a policy directory and returns the findings, sorted. It returns an
// error only if the directory cannot be read.
func Directory(dir string) (diag.List, error) {
	if _, err := os.ReadDir(dir); err != nil {
		if cause := new(fs.PathError); errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, diag.Problemf("%s: the policy directory cannot be read: %v", dir, err).WithRemedy("give a policy directory that can be read")
	}
	snapshot, err := policystore.LoadDocuments(dir)
	if err != nil {
		return unloadable(err), nil
	}
	l := newLinter(snapshot, snapshot.Contents())
	l.run()
	return l.findings.Sorted(), nil
}

// Snapshot returns the findings that the sidecar logs when it puts a snapshot in force,
// sorted: those of [Inspect], which its store has called for each policy, and those about
// the other files.
func Snapshot(s *policystore.Snapshot) diag.List {
	contents := s.Contents()
	c := configLinter{directory: newDirectory(s, contents)}
	c.run()
	for _, policy := range contents.Policies {
		c.findings = append(c.findings, c.withoutQuotas(contents.Findings[policy])...)
	}
	sorted := c.findings.Sorted()
	for i := range sorted {
		sorted[i].File = s.OnDisk(sorted[i].File)
	}
	return sorted
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

// A configLinter checks the files other than policies, and policies only by what the
// snapshot of a sidecar keeps of them.
type configLinter struct {
	directory
	reporter
}

// run runs the rules about one subject each. The file of that name contains it.
func (c *configLinter) run() {
	for _, rule := range []func(){
		c.idleSources, c.uncheckedProxies, c.mixedNetworks, c.partitions, c.missingTags, c.passwords, c.accessKeys,
		c.foreignAudiences, c.unattachedGroups, c.missingLevels,
	} {
		rule()
	}
}

// A linter checks the contents of one snapshot.
type linter struct {
	lookup
	reporter
	placeholderAt map[diag.Position]bool
}

func newLinter(s *policystore.Snapshot, contents policystore.Contents) *linter {
	return &linter{newLookup(s, contents), reporter{onDisk: s.OnDisk}, map[diag.Position]bool{}}
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
	return []func(){l.pullAndPush, l.login, l.credentials, l.unused, l.organization, l.breakGlass}
}

// run runs all rules.
func (l *linter) run() {
	for _, policy := range l.contents.Policies {
		if l.isChecked(policy) {
			l.check(l.documentOf(policy))
		}
	}
	for _, rule := range l.directoryRules() {
		rule()
	}
	c := configLinter{l.directory, reporter{onDisk: l.onDisk}}
	c.run()
	l.findings = append(l.findings, c.findings...)
	for _, policy := range l.contents.Policies {
		l.inspect(policy)
	}
}

// check runs the rules about one policy.
func (l *linter) check(d *document) {
	for i := range d.statements {
		for _, rule := range l.statementRules() {
			rule(d, &d.statements[i])
		}
	}
	for _, rule := range l.documentRules() {
		rule(d)
	}
}

// inspect adds the findings of [Inspect], except those in statements that are not about
// ECR. It leaves out a policy variable that is reported as a placeholder.
func (l *linter) inspect(policy *iam.Policy) {
	for _, f := range l.withoutQuotas(Inspect(l.contents.Documents[policy], policy)) {
		if !l.concernsECR(policy, f.Point) || f.Code == "literal-variable" && l.placeholderAt[f.Position] {
			continue
		}
		f.Position = l.shown(f.Position)
		l.findings = append(l.findings, f)
	}
}

func (l *linter) concernsECR(policy *iam.Policy, at diag.Point) bool {
	if policy.Kind == iam.TrustPolicy {
		return l.isChecked(policy)
	}
	return l.documentOf(policy).concernsECR(at)
}
