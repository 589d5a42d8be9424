package policystore

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// persistent is what a store keeps from one snapshot to the next.
type persistent struct {
	passwords *basic.Verifier
	keys      *oidc.KeyCache
	compiled  compileCache // of the last good content

	loadMemory uint64 // what a load may use, in bytes; 0 means any amount
}

func newPersistent(keys *oidc.KeyCache) *persistent {
	return &persistent{passwords: basic.NewVerifier(), keys: keys}
}

// A compiler compiles one content of a directory into a snapshot. It goes on after a
// fault in one file, entry or policy, and reports all faults that do not follow from
// others.
type compiler struct {
	*directory.Tree
	kept     *persistent
	previous compileCache // of the last good content
	compiled compileCache // of this one: only what it uses
	meter    loadMeter

	faults   diag.Faults
	isFaulty map[string]bool // by file
	unusable map[string]bool // by file: those that are not text or have a wrong name
	// faultyTrust has the ARNs of roles whose trust policy has a fault.
	faultyTrust map[string]bool
	memory      error // a memoryError, which ends loading
	follows     error // errFollows, if something could not be used
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
		for _, d := range diag.Of(err) {
			c.isFaulty[d.File] = true
		}
		c.faults.Add(err)
	}
	return true
}

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
		c.report(c.meter.check())
	}
	if err := cmp.Or(c.memory, t.Names.LocateError(c.faults.Err()), c.follows); err != nil {
		return nil, err
	}
	p.compiled = c.compiled
	return s, nil
}

func newCompiler(t *directory.Tree, p *persistent) *compiler {
	return &compiler{
		Tree: t, kept: p, meter: newLoadMeter(p.loadMemory, t.Size()),
		previous: p.compiled, compiled: make(compileCache, len(p.compiled)), isFaulty: map[string]bool{}, unusable: map[string]bool{}, faultyTrust: map[string]bool{},
	}
}

// snapshot compiles everything, in the order in which the parts depend on each other. It
// returns nil if it reported a fault.
func (c *compiler) snapshot(o decision.Options) (*Snapshot, error) {
	c.checkPaths()
	c.checkTexts()

	configured := c.loadRegistries()
	organization := c.loadOrganization()
	inventories := c.loadInventories(configured)
	tags := c.loadTags(configured, inventories)
	all := complete(configured, organization, inventories, tags)

	controls := c.loadControls(organization)
	policies := c.loadResourcePolicies(configured, inventories)
	policies.Organization = controls.above

	from := c.loadSources()
	from.membership, from.controls = organization.Member, controls.above
	who := c.loadPrincipals(from)

	c.checkRegistries(configured, all, organization, controls, from, who)
	own, aws := who.operators(from, &policies, controls.written())
	c.checkPolicies(slices.Concat(own, aws), all, tags, policies.Repository, who)
	if cmp.Or(c.memory, c.faults.Err(), c.follows) != nil {
		return nil, nil
	}

	s := &Snapshot{
		Digest: c.Digest, Callers: who.table, configured: configured, registries: all, principals: who, tags: tags, controls: controls, names: c.Names,
		Summary: summary(all, inventories, tags, controls, policies, from, who), policies: own, repositories: policies.Repository,
	}
	s.Findings = from.managed.withoutQuotas(s.findings())
	policies.Identity, policies.Boundary = who.identity, who.boundary
	var err error
	s.Decisions, err = decision.New(policies, o)
	return s, err
}

// loadSources reads what principals.yaml refers to.
func (c *compiler) loadSources() *sources {
	from := &sources{compiler: c, passwords: c.kept.passwords, keys: c.kept.keys}
	from.accounts = c.loadAccounts()
	from.managed = c.loadManaged(from.accounts)
	from.trust = c.loadTrust()
	from.files = c.loadKeyFiles()
	return from
}

// loadResourcePolicies compiles the policies of repositories and registries.
func (c *compiler) loadResourcePolicies(all *config.Registries, have inventories) decision.Policies {
	return decision.Policies{Repository: c.loadRepositoryPolicies(all, have), Registry: c.loadRegistryPolicies(all)}
}

// checkRegistries checks the registries against the other files, unless a fault in one of
// those would cause another one here.
func (c *compiler) checkRegistries(configured *config.Registries, all registries, o *config.Organization, controls *controls, from *sources, who *principals) {
	if c.isFaulty[registriesPath] || c.isFaulty[principalsPath] {
		return
	}
	c.report(checkAudiences(configured, who))
	if !c.isFaulty[organizationPath] {
		c.report(checkAccounts(o, controls, all, from, who))
	}
}

// checkTexts reports files that are not UTF-8 text, because programs read them
// differently. Certificates may have comments in any encoding between them.
func (c *compiler) checkTexts() {
	for _, file := range c.Paths {
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
func (p *principals) operators(from *sources, other *decision.Policies, controls []*iam.Policy) (own, aws []*iam.Policy) {
	own, aws = from.managed.operators()
	for _, policy := range from.trust {
		if policy != nil {
			own = append(own, policy)
		}
	}
	own = append(own, p.inline...)
	for _, byARN := range []map[string][]*iam.Policy{other.Repository, other.Registry} {
		for attached := range maps.Values(byARN) {
			own = append(own, attached...)
		}
	}
	own = append(own, controls...)
	slices.SortFunc(own, func(a, b *iam.Policy) int {
		return cmp.Or(a.Source.At(a.Statements[0].Start).Compare(b.Source.At(b.Statements[0].Start)), cmp.Compare(a.Kind, b.Kind))
	})
	return own, aws
}
