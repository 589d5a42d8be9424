package policystore

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
)

// A Snapshot is a policy directory compiled: all that decides a request,
// immutable but for the caches that belong to it.
type Snapshot struct {
	Digest     string    // of the names and contents of all files
	Generation uint64    // counts the snapshots of a Store, from 1
	LoadedAt   time.Time // when the Store put it in force
	Callers    *identity.Table
	Decisions  *decision.Engine
	Summary    Summary
	Findings   []iam.Finding // what is suspicious in the operator's policies but no error
	registries registries
	principals *principals
}

// Summary counts what a snapshot holds.
type Summary struct {
	Registries         int `json:"registries"`
	Credentials        int `json:"credentials"`
	Principals         int `json:"principals"`
	ManagedPolicies    int `json:"managedPolicies"` // the operator's and AWS's
	RepositoryPolicies int `json:"repositoryPolicies"`
	Repositories       int `json:"repositories"` // those that inventories list
}

// Load compiles the policy directory. The error names the file, the line where
// there is one, and the remedy; nothing is loaded in part.
func Load(dir string, o decision.Options) (*Snapshot, error) {
	t, err := readTree(dir)
	if err != nil {
		return nil, err
	}
	return compile(t, o, identity.NewPasswords())
}

func compile(t tree, o decision.Options, passwords *identity.Passwords) (*Snapshot, error) {
	if err := checkPaths(t); err != nil {
		return nil, err
	}
	all, err := loadRegistries(t)
	if err != nil {
		return nil, err
	}
	if err := all.join(t); err != nil {
		return nil, err
	}
	managed, err := loadManaged(t)
	if err != nil {
		return nil, err
	}
	who, err := loadPrincipals(t, managed, passwords)
	if err != nil {
		return nil, err
	}
	known, err := loadInventories(t, all)
	if err != nil {
		return nil, err
	}
	repositories, err := loadRepositoryPolicies(t, all)
	if err != nil {
		return nil, err
	}
	if err := who.checkUserIDs(managed, repositories); err != nil {
		return nil, err
	}
	engine, err := decision.New(decision.Policies{Identity: who.identity, Repository: repositories}, o)
	if err != nil {
		return nil, err
	}
	return &Snapshot{
		Digest: t.digest(), Callers: who.table, Decisions: engine, registries: all, principals: who,
		Summary: Summary{
			Registries: len(all), Credentials: who.table.Len(), Principals: len(who.identity),
			ManagedPolicies: len(managed), RepositoryPolicies: len(repositories), Repositories: known,
		},
		Findings: findings(managed, repositories),
	}, nil
}

// findings are those of all policies, in the order of files and lines. AWS's
// own policies have none worth telling.
func findings(managed managedPolicies, repositories map[string][]*iam.Policy) []iam.Finding {
	var all []iam.Finding
	for name, policy := range managed {
		if !strings.HasPrefix(name, awsPrefix) {
			all = append(all, policy.Findings()...)
		}
	}
	for _, policies := range repositories {
		for _, policy := range policies {
			all = append(all, policy.Findings()...)
		}
	}
	slices.SortStableFunc(all, func(a, b iam.Finding) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// Registry returns the registry that a request is for. name is what Envoy's
// configuration calls it, "" where it does not say; host is the client's Host
// header, which must agree. The error is meant for the operator's log.
func (s *Snapshot) Registry(name, host string) (*Registry, error) {
	return s.registries.find(name, host)
}

// RegistryNames lists the names of the registries in order.
func (s *Snapshot) RegistryNames() []string { return slices.Sorted(maps.Keys(s.registries)) }

// RegistryNamed returns the registry of that name, nil if there is none.
func (s *Snapshot) RegistryNamed(name string) *Registry { return s.registries[name] }

// CallerNamed returns the caller that a credential bound to the ARN would
// prove: a user among the principals, or a session of a role among them. The
// source of the caller is "arn": nothing is proven.
func (s *Snapshot) CallerNamed(arn string) (*identity.Caller, error) {
	principal, err := s.principals.entities.Principal(arn)
	if err != nil {
		return nil, err
	}
	return identity.NewCaller("arn", principal), nil
}
