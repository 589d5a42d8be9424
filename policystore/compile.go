package policystore

import (
	"cmp"
	"errors"
	"hash/maphash"
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
	compiled  compileCache         // of the last good content
	decisions *decision.Engine     // of the last good content

	loadMemory uint64 // what a load may use, in bytes; 0 means any amount

	inspect        func(*iam.Document, *iam.Policy) diag.List // of each policy that is compiled; may be nil
	keepsDocuments bool                                       // snapshots contain the documents of their policies
}

func newPersistent(keys *oidc.KeyCache) *persistent {
	return &persistent{passwords: basic.NewVerifier(), keys: keys, sessions: func() *session.Keys { return nil }}
}

// A compiler compiles one content of a directory into a snapshot, in passes that
// [compiler.snapshot] lists. Each pass returns a complete value, which no later pass
// changes. The compiler only collects what passes find out in addition: it goes on after a
// fault in one file, entry or policy, and reports all faults that do not follow from others.
type compiler struct {
	*directory.Tree
	kept     *persistent
	previous compileCache // of the last good content
	compiled compileCache // of this one: only what it uses
	seed     maphash.Seed
	shared   map[sharedKey]sharedPolicy // what was compiled in this load
	elements iam.Elements               // of those policies
	meter    loadMeter

	faults   diag.Faults
	unusable map[string]bool // by file: those that are not text or have a wrong name
	accepted map[string]bool // files in managed/ that entities refer to by the ARN of one of AWS's policies
	memory   error           // a memoryError, which ends loading
	follows  error           // errFollows, if something could not be used

	// documents and policyFindings belong to the policies of this content.
	documents      map[*iam.Policy]*iam.Document
	policyFindings map[*iam.Policy]diag.List
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

// compile compiles a content into a snapshot. If that succeeds, p caches what the texts
// were compiled into. The error is a memoryError, or consists of all faults with the
// names of files on disk (see [diag.Of]).
func compile(t *directory.Tree, o decision.Options, p *persistent) (*Snapshot, error) {
	c := newCompiler(t, p)
	s, err := c.snapshot(o)
	c.report(err)
	if c.memory == nil {
		c.report(c.meter.finish())
	}
	if err := cmp.Or(c.memory, t.Names.LocateError(c.faults.Err()), c.follows); err != nil {
		return nil, err
	}
	p.compiled, p.decisions = c.compiled, s.Decisions
	return s, nil
}

func newCompiler(t *directory.Tree, p *persistent) *compiler {
	return &compiler{
		Tree: t, kept: p, meter: newLoadMeter(p.loadMemory, t.Size()),
		previous: p.compiled, compiled: make(compileCache, len(p.compiled)),
		seed: maphash.MakeSeed(), shared: map[sharedKey]sharedPolicy{},
		unusable: map[string]bool{}, accepted: map[string]bool{},
		documents: map[*iam.Policy]*iam.Document{}, policyFindings: map[*iam.Policy]diag.List{},
	}
}

// snapshot compiles everything, in the order in which the parts depend on each other. It
// returns nil if it reported a fault.
func (c *compiler) snapshot(o decision.Options) (*Snapshot, error) {
	c.checkPaths()
	c.checkTexts()

	// The registries, with what outputs contain about their repositories.
	configured := c.loadRegistries()
	organization, knowsOrganization := c.loadOrganization()
	inventories := c.loadInventories(configured)
	tags, knowsTags := c.loadTags(configured, inventories)
	behind := c.loadUpstreams(configured)
	all := complete(configured, organization, inventories, tags, behind)

	// The policies of the organization, of repositories and of registries.
	controls := c.loadControls(organization, knowsOrganization)
	repositories := c.loadRepositoryPolicies(configured, inventories)
	ofRegistries := c.loadRegistryPolicies(configured)
	all.setPolicyTexts(repositories, ofRegistries)

	// The users and roles, with their policies and those of their groups.
	from := c.loadSources()
	listed := c.readPrincipals()
	declared := from.compileDeclarations(listed)
	who := c.compilePrincipals(declared, from.compileGroups(listed, declared), organization, controls.above)

	// The credentials, which map to them.
	callers := from.compileCallers(listed, c.loadPasswords(), c.loadAccessKeys(), who)
	c.report(checkSessionIssuer(configured, listed))
	callers.acceptSessions(configured.Sessions, c.kept.sessions)
	emergency := c.breakGlass(from.attached)

	// What the parts require of each other.
	c.report(checkAudiences(configured, callers))
	c.report(checkAccounts(organization, controls, all, from, who, callers))
	own, aws := from.operators(declared, controls, repositories, ofRegistries)
	c.checkPolicies(slices.Concat(own, aws), all, tags, knowsTags && inventories.complete() && !configured.Misses, repositories.byARN, who)
	if cmp.Or(c.memory, c.faults.Err(), c.follows) != nil {
		return nil, nil
	}

	policies := decision.Policies{Identity: who.identity, Boundary: who.boundary, Repository: repositories.byARN, Registry: ofRegistries.byARN, Organization: controls.above}
	o.Earlier = c.kept.decisions
	decisions, err := decision.New(policies, o)
	s := &Snapshot{
		Digest: c.Digest, Callers: callers.table, Decisions: decisions, BreakGlass: emergency,
		configured: configured, upstreams: behind, registries: all, principals: who, callers: callers, tags: tags, controls: controls, names: c.Names,
		Summary: summary(all, inventories, tags, controls, policies, from, callers), policies: own, repositories: repositories.byARN,
		listed: listed, organization: organization, accepted: from.acceptedFiles(), documents: c.documents, policyFindings: c.policyFindings,
	}
	return s, err
}

// checkTexts reports files that are not UTF-8 text, because programs read them
// differently. Certificates may have comments in any encoding between them.
func (c *compiler) checkTexts() {
	for file := range c.Paths() {
		if strings.HasPrefix(file, "ca/") {
			continue
		}
		if c.report(diag.NewFileText(file, c.Text(file)).Check()) {
			c.unusable[file] = true
		}
	}
}

// operators returns all policies that the operator wrote, in the order of files, and
// those of AWS's policies in use that the outputs of accounts contain.
func (from *sources) operators(declared *declarations, controls *controls, repositories, registries *resourcePolicies) (own, aws []*iam.Policy) {
	own, aws = from.managed.operators(from.compiled)
	for _, policy := range from.trust {
		if policy != nil {
			own = append(own, policy)
		}
	}
	own = slices.Concat(own, declared.inline, registries.ordered, controls.written())
	slices.SortFunc(own, comparePolicies)
	return merged(own, repositories.ordered), aws
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
