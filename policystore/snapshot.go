package policystore

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"extauthz/decision"
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
	"extauthz/policystore/directory"
)

// A Snapshot is a compiled policy directory: everything that decides a request. It is
// immutable except for its caches. The next snapshot has the same base, with the cache of callers,
// if only files about single repositories changed.
type Snapshot struct {
	Digest     string    // of the names and contents of all files
	Generation uint64    // counts the snapshots of a Store, from 1
	LoadedAt   time.Time // when the Store put it in force
	Callers    *identity.Authenticator
	Decisions  *decision.Engine
	Summary    Summary
	BreakGlass []string // the names of the break-glass policies in force, in order

	*base
	tree         *directory.Tree
	repositories *repositories
	registries   registries
}

// Summary counts the parts of a snapshot.
type Summary struct {
	Registries         int `json:"registries"`
	Credentials        int `json:"credentials"`
	Principals         int `json:"principals"`
	Issuers            int `json:"issuers"`
	ManagedPolicies    int `json:"managedPolicies"`    // of the operator, in managed/ and in the outputs of accounts
	AWSManagedPolicies int `json:"awsManagedPolicies"` // of AWS: those for ECR, and those in the outputs of accounts
	RepositoryPolicies int `json:"repositoryPolicies"`
	RegistryPolicies   int `json:"registryPolicies"`
	ControlPolicies    int `json:"controlPolicies"` // of the organization
	Repositories       int `json:"repositories"`    // those that inventories list
	TaggedRepositories int `json:"taggedRepositories"`
}

// Load compiles the policy directory, completely or not at all. The error consists of all
// faults that do not follow from others, at most [diag.MaxFaults] (see [diag.Of]).
func Load(dir string, o decision.Options) (*Snapshot, error) {
	t, err := directory.NewReader(dir, layout(0)).Read()
	if err != nil {
		return nil, err
	}
	return compile(t, o, newOffline())
}

// LoadDocuments is [Load] for a snapshot that contains the documents of its policies. It is
// for code that checks the text of policies.
func LoadDocuments(dir string) (*Snapshot, error) {
	t, err := directory.NewReader(dir, layout(0)).Read()
	if err != nil {
		return nil, err
	}
	kept := newOffline()
	kept.keepsDocuments = true
	return compile(t, decision.Options{CacheSize: 1}, kept)
}

// newOffline returns what one load needs of what a store keeps. It compiles on all processors.
func newOffline() *persistent {
	p := newPersistent(oidc.NewKeyCache(oidc.KeyCacheOptions{Offline: true}))
	p.processors = runtime.GOMAXPROCS(0)
	return p
}

// Registry returns the registry that a request is for. name is the registry's name in
// Envoy's configuration, "" if that does not set one; host is the client's Host header,
// which must agree. The error is meant for the operator's log.
func (s *Snapshot) Registry(name, host string) (*Registry, error) {
	r, err := s.configured.Find(name, host)
	if err != nil {
		return nil, err
	}
	return s.registries[r.Name], nil
}

// RegistryOfService returns the registry that a client signs in to by the name of its service,
// nil if it does not exist.
func (s *Snapshot) RegistryOfService(service string) *Registry {
	for _, r := range s.registries {
		if r.Service() == service {
			return r
		}
	}
	return nil
}

// AcceptsSessions reports whether registries.yaml configures sessions.
func (s *Snapshot) AcceptsSessions() bool { return s.configured.Sessions != nil }

// RegistryNames returns the names of the registries in order.
func (s *Snapshot) RegistryNames() []string { return slices.Sorted(maps.Keys(s.registries)) }

// RegistryNamed returns the registry with a name, nil if it does not exist.
func (s *Snapshot) RegistryNamed(name string) *Registry { return s.registries[name] }

// Issuers returns the issuers whose tokens are accepted, in the order of principals.yaml.
func (s *Snapshot) Issuers() []IssuerStatus { return s.callers.issuers }

// CallerNamed returns the caller that a credential bound to that name would authenticate,
// with tags and boundary: a user among the principals, a session of a role among them, an
// account's root user, or a service. The source of the caller is "arn", because no
// credential was verified.
func (s *Snapshot) CallerNamed(name string) (*identity.Caller, error) {
	return s.CallerOf(&sts.CallerSpec{Principal: name})
}

// CallerOf is CallerNamed for a session with session tags, and for a service that calls on
// behalf of a resource.
func (s *Snapshot) CallerOf(session *sts.CallerSpec) (*identity.Caller, error) {
	return s.callers.table.CallerOfPrincipal(session)
}

// OnDisk returns the name on disk, below the directory, of a file of the snapshot.
// Positions have its path in the tree, such as "managed/developers.json"; on disk it may
// have the name "managed..developers.json".
func (s *Snapshot) OnDisk(path string) string { return s.tree.Names.OnDisk(path) }

// summary counts the parts of a snapshot.
func summary(b *base, r *repositories) Summary {
	listed := 0
	for _, list := range b.inventories {
		listed += len(list)
	}
	return Summary{
		Registries: len(b.configured.List), Credentials: b.callers.table.Len(), Principals: b.principals.attached.Len(), Issuers: len(b.callers.issuers),
		ManagedPolicies: b.managed, AWSManagedPolicies: b.awsManaged, RepositoryPolicies: r.policies.Len(), Repositories: listed,
		RegistryPolicies: len(b.registryPolicies.byPrefix), ControlPolicies: len(b.controls.written()), TaggedRepositories: r.tags.Len(),
	}
}
