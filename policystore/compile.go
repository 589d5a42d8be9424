package policystore

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/session"
	"extauthz/policystore/directory"
	"extauthz/upstream"
)

// persistent is what a store keeps from one snapshot to the next.
type persistent struct {
	passwords *basic.Verifier
	keys      *oidc.KeyCache
	sessions  func() *session.Keys // may be nil
	realms    *upstream.Realms     // nil without a registry behind Envoy
	last      *Snapshot            // of the last good content; without parts before the first

	loadMemory uint64 // what a load may use, in bytes; 0 means any amount
	processors int    // that compile before the first good content; 0 means one

	inspect        func(*iam.Document, *iam.Policy) diag.List // of each policy that is compiled; may be nil
	keepsDocuments bool                                       // snapshots contain the documents of their policies
}

func newPersistent(keys *oidc.KeyCache) *persistent {
	return &persistent{passwords: basic.NewVerifier(), keys: keys, sessions: func() *session.Keys { return nil }, last: noSnapshot()}
}

// noSnapshot returns a snapshot without parts, of which a load can use nothing.
func noSnapshot() *Snapshot {
	return &Snapshot{tree: &directory.Tree{}, repositories: &repositories{}, base: &base{principals: &principals{}}}
}

// A compiler compiles one content of a directory into a snapshot, in passes that
// [compiler.snapshot] and [compiler.loadBase] list. Each pass returns a complete value, which no later pass
// changes. The compiler only collects what passes find out in addition: it goes on after a
// fault in one file, entry or policy, and reports all faults that do not follow from others.
type compiler struct {
	*directory.Tree
	contentFiles
	kept     *persistent
	last     *Snapshot       // of the last good content
	compiled compileCache    // of this one: only what it uses
	policies *policyCompiler // of those in other files than those about repositories
	meter    *loadMeter

	faults   diag.Faults
	unusable map[string]bool              // by file: those that are not text or have a wrong name
	accepted map[string]bool              // files in managed/ that entities refer to by the ARN of one of AWS's policies
	memory   error                        // a memoryError, which ends loading
	follows  error                        // errFollows, if something could not be used
	about    map[*iam.Policy]*aboutPolicy // of the policies in other files than those about repositories
}

// errFollows is the error of what cannot be used because of a fault that was reported.
var errFollows = errors.New("follows from a fault that is already reported")

// report adds the faults of an error, unless it follows from others, and reports whether
// err is not nil.
func (c *compiler) report(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.As(err, new(memoryError)):
		c.memory = err
	case errors.Is(err, errFollows):
		c.follows = err
	default:
		c.faults.Add(err)
	}
	return true
}

// skips reports whether a file cannot be used because of a fault that was reported.
func (c *compiler) skips(file string) bool { return c.unusable[file] && c.report(errFollows) }

// fault returns a diagnostic about a whole file.
func fault(file, problem, remedy string) error { return faultAt(file, diag.Point{}, problem, remedy) }

func faultAt(file string, at diag.Point, problem, remedy string) error {
	return diag.New(diag.File(file).At(at), problem, remedy)
}

// compile compiles a content into a snapshot, with what is unchanged since the last good content. If
// that succeeds, it becomes the last good content. The error is a memoryError, or consists of all
// faults with the names of files on disk (see [diag.Of]).
func compile(t *directory.Tree, o decision.Options, p *persistent) (*Snapshot, error) {
	c := newCompiler(t, p)
	s, err := c.snapshot(o)
	c.report(err)
	c.report(c.meter.finish())
	if err := cmp.Or(c.memory, t.Names.LocateError(c.faults.Err()), c.follows); err != nil {
		return nil, err
	}
	p.last = s
	return s, nil
}

func newCompiler(t *directory.Tree, p *persistent) *compiler {
	t = t.Sharing(p.last.tree)
	return &compiler{
		Tree: t, contentFiles: sortFiles(t, p.last.repositories.files),
		kept: p, last: p.last, meter: newLoadMeter(p.loadMemory, t.Size()),
		compiled: compileCache{}, about: map[*iam.Policy]*aboutPolicy{},
		policies: newPolicyCompiler(p, newSharedPolicies()),
		unusable: map[string]bool{}, accepted: map[string]bool{},
	}
}

// snapshot compiles everything, in the order in which the parts depend on each other. It
// returns nil if it reported a fault.
func (c *compiler) snapshot(o decision.Options) (*Snapshot, error) {
	c.checkFiles()
	catalog := c.loadCatalog()
	repositories := c.loadRepositories(catalog)
	base := c.loadBase(catalog)
	all := newRegistries(c.Tree, base, repositories)
	policies := merged(base.written, repositories.ordered())
	c.checkPolicies(slices.Concat(policies, base.ofAWS), all, repositories.knowsTags && catalog.complete(), repositories, base.principals)
	if cmp.Or(c.memory, c.faults.Err(), c.follows) != nil {
		return nil, nil
	}

	decisions, err := decision.New(decision.Policies{
		Principals: base.principals.attached, Repositories: repositories.policies,
		Registries: base.registryPolicies.byPrefix, Organization: base.controls.above,
	}, o)
	return &Snapshot{
		Digest: c.Digest, Callers: base.callers.table, Decisions: decisions, BreakGlass: base.breakGlass,
		Summary: summary(base, repositories),
		tree:    c.Tree, base: base, repositories: repositories, registries: all,
	}, err
}

// checkFiles reports files that do not belong to a policy directory, and files that are not
// UTF-8 text, because programs read them differently. Certificates may have comments in any
// encoding between them.
func (c *compiler) checkFiles() {
	for _, f := range c.others {
		if !belongs(f.Path) {
			c.report(strayFile(f.Path))
			c.unusable[f.Path] = true
		}
		if !strings.HasPrefix(f.Path, "ca/") {
			c.checkText(f)
		}
	}
	for _, f := range c.changed {
		c.checkText(f.File)
	}
}

func (c *compiler) checkText(f *directory.File) {
	if c.report(diag.NewFileText(f.Path, f.Text).Check()) {
		c.unusable[f.Path] = true
	}
}

// operators returns the policies that the operator wrote, except those of repositories, in the
// order of files, and those of AWS's policies in use that the outputs of accounts contain.
func (from *sources) operators(declared *declarations, controls *controls, ofRegistries *registryPolicies) (own, aws []*iam.Policy) {
	own, aws = from.managed.operators(from.compiled)
	for _, policy := range from.trust {
		if policy != nil {
			own = append(own, policy)
		}
	}
	own = slices.Concat(own, declared.inline, ofRegistries.ordered, controls.written())
	slices.SortFunc(own, comparePolicies)
	return own, aws
}

// comparePolicies orders policies by their position and kind.
func comparePolicies(a, b *iam.Policy) int {
	return cmp.Or(a.Source.At(a.Statements[0].Start).Compare(b.Source.At(b.Statements[0].Start)), cmp.Compare(a.Kind, b.Kind))
}

// merged returns the policies of two ordered lists in order. It compares each of the first
// list with few of the second, which may be long.
func merged(few, many []*iam.Policy) []*iam.Policy {
	all := make([]*iam.Policy, 0, len(few)+len(many))
	for _, policy := range few {
		before, _ := slices.BinarySearchFunc(many, policy, comparePolicies)
		all = append(append(all, many[:before]...), policy)
		many = many[before:]
	}
	return append(all, many...)
}
