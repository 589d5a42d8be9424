package policystore

import (
	"cmp"
	"maps"
	"slices"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/policystore/directory"
)

// lasting is what outlives snapshots.
type lasting struct {
	passwords *basic.Verifier
	keys      *oidc.KeyCache
	memory    memory // of the last good content

	loadMemory uint64 // what a load may use, in bytes; 0 is no bound
}

func newLasting(keys *oidc.KeyCache) *lasting {
	return &lasting{passwords: basic.NewVerifier(), keys: keys}
}

// compile makes a snapshot of a content, and lets it be remembered what the content
// was made into.
func compile(t *directory.Tree, o decision.Options, l *lasting) (*Snapshot, error) {
	c := &compilation{Tree: t, meter: newLoadMeter(l.loadMemory, t.Size()), before: l.memory, now: make(memory, len(l.memory))}
	s, err := c.snapshot(o, l)
	if err == nil {
		err = c.meter.check()
	}
	if err != nil {
		return nil, err
	}
	l.memory = c.now
	return s, nil
}

func (c *compilation) snapshot(o decision.Options, l *lasting) (*Snapshot, error) {
	t := c.Tree
	if err := cmp.Or(checkPaths(t), checkTexts(t)); err != nil {
		return nil, err
	}
	configured, err := loadRegistries(t)
	if err != nil {
		return nil, err
	}
	all := withFiles(configured)
	organization, err := loadOrganization(t)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		r.Organization = organization
	}
	known, err := loadInventories(c, all)
	if err != nil {
		return nil, err
	}
	controls, err := loadControls(c, organization)
	if err != nil {
		return nil, err
	}
	policies, err := loadPolicies(c, all)
	if err != nil {
		return nil, err
	}
	policies.Organization = controls.above
	from, err := loadSources(c, l)
	if err != nil {
		return nil, err
	}
	from.membership, from.controls = organization.Member, controls.above
	who, err := loadPrincipals(c, from)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(checkAudiences(configured, who), organization.checkAccounts(controls.above, all, from, who)); err != nil {
		return nil, err
	}
	tags, err := loadTags(c, all)
	if err != nil {
		return nil, err
	}
	managed := from.managed.countOperators()
	s := &Snapshot{
		Digest: t.Digest, Callers: who.table, configured: configured, registries: all, principals: who, tags: tags, controls: controls, names: t.Names,
		Summary: Summary{
			Registries: len(all), Credentials: who.table.Len(), Principals: len(who.identity), Issuers: len(who.issuers),
			ManagedPolicies: managed, AWSManagedPolicies: len(from.managed) - managed, RepositoryPolicies: len(policies.Repository), Repositories: known,
			RegistryPolicies: len(policies.Registry), ControlPolicies: len(controls.written()), TaggedRepositories: len(tags),
		},
	}
	if err := s.decideBy(from, policies, o); err != nil {
		return nil, err
	}
	return s, nil
}

// loadSources reads what principals.yaml refers to.
func loadSources(c *compilation, l *lasting) (*sources, error) {
	from := &sources{compilation: c, passwords: l.passwords, keys: l.keys}
	var err error
	if from.exported, err = loadAuthorizations(c); err != nil {
		return nil, err
	}
	if from.managed, err = loadManaged(c, from.exported); err != nil {
		return nil, err
	}
	if from.trust, err = loadTrust(c); err != nil {
		return nil, err
	}
	from.files, err = loadKeyFiles(c.Tree)
	return from, err
}

// loadPolicies compiles the policies of repositories and registries.
func loadPolicies(c *compilation, all registries) (p decision.Policies, err error) {
	if p.Repository, err = loadRepositoryPolicies(c, all); err != nil {
		return p, err
	}
	p.Registry, err = loadRegistryPolicies(c, all)
	return p, err
}

// decideBy makes the engine, and judges the policies as a whole.
func (s *Snapshot) decideBy(from *sources, policies decision.Policies, o decision.Options) (err error) {
	own, aws := s.principals.operators(from, &policies, s.controls.written())
	s.policies, s.repositories = own, policies.Repository
	all := slices.Concat(own, aws)
	if err := cmp.Or(s.principals.checkUserIDs(all), s.principals.checkNamedIDs(all), s.registries.checkTagged(s.tags, policies.Repository, all)); err != nil {
		return err
	}
	s.Findings = findings(s.policies, slices.Concat(s.controls.findings, s.principals.findings, s.registries.idleSources(s.Callers), s.registries.unknownPartitions(), s.registries.otherPartitions(own, s.principals.written.places), s.registries.uncheckedProxies(), s.registries.untoldTags(all), unboundUsers(s.Callers), costlyHashes(s.Callers)))
	s.Findings = from.managed.withoutQuotas(s.Findings)
	policies.Identity, policies.Boundary = s.principals.identity, s.principals.boundary
	s.Decisions, err = decision.New(policies, o)
	return err
}

// operators are all policies that the operator wrote, in the order of files, and
// those of AWS's that the authorizations of accounts brought.
func (p *principals) operators(from *sources, other *decision.Policies, controls []*iam.Policy) (own, aws []*iam.Policy) {
	own, aws = from.managed.operators()
	own = append(slices.AppendSeq(own, maps.Values(from.trust)), p.inline...)
	for _, byARN := range []map[string][]*iam.Policy{other.Repository, other.Registry} {
		for _, attached := range byARN {
			own = append(own, attached...)
		}
	}
	own = append(own, controls...)
	slices.SortFunc(own, func(a, b *iam.Policy) int {
		return cmp.Or(a.Source.At(a.Statements[0].Start).Compare(b.Source.At(b.Statements[0].Start)), cmp.Compare(a.Kind, b.Kind))
	})
	return own, aws
}

// findings are those of all policies and of principals.yaml, in the order of
// files and lines, each once: a policy in two uses has most of them twice.
func findings(policies []*iam.Policy, others diag.List) diag.List {
	n := len(others)
	for _, policy := range policies {
		n += len(policy.Findings())
	}
	all := append(make(diag.List, 0, n), others...)
	for _, policy := range policies {
		all = append(all, policy.Findings()...)
	}
	return all.Sorted()
}
