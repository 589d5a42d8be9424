package policystore

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"extauthz/identity/sts"
)

// This file answers what the directory contains about the repositories of a registry. No decision
// depends on it.

// setPolicyTexts sets the texts of the policies of repositories and registries.
func (all registries) setPolicyTexts(repositories, ofRegistries *resourcePolicies) {
	for _, r := range all {
		r.policyTexts, r.policyText = repositories.texts, ofRegistries.texts[r.ARNPrefix()]
		r.repositoriesOnce = sync.OnceValue(r.sortedRepositories)
	}
}

// Repositories returns the names of the repositories of the registry in order: those that its
// inventory lists or, without one, those that have a policy or tags in the directory. The caller
// must not change the list.
func (r *Registry) Repositories() []string { return r.repositoriesOnce() }

func (r *Registry) sortedRepositories() []string {
	if r.listed != nil {
		return slices.Sorted(maps.Keys(r.listed))
	}
	prefix, names := r.RepositoryARN(""), map[string]bool{}
	for arn := range r.policyTexts {
		if name, ours := strings.CutPrefix(arn, prefix); ours {
			names[name] = true
		}
	}
	for arn := range r.tags {
		if name, ours := strings.CutPrefix(arn, prefix); ours {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// HasRepository reports whether a repository is one of Repositories.
func (r *Registry) HasRepository(name string) bool {
	if r.listed != nil {
		return r.listed.has(name)
	}
	arn := r.RepositoryARN(name)
	return r.policyTexts[arn] != nil || r.tags[arn] != nil
}

// RepositoryPolicy returns the text of the policy of a repository, "" if it has none.
func (r *Registry) RepositoryPolicy(name string) string {
	return string(r.policyTexts[r.RepositoryARN(name)])
}

// RegistryPolicy returns the text of the policy of the registry, "" if it has none.
func (r *Registry) RegistryPolicy() string { return string(r.policyText) }

// RepositoryTags returns the tags of a repository.
func (r *Registry) RepositoryTags(name string) (tags []sts.Tag) {
	for _, entry := range r.tags[r.RepositoryARN(name)] {
		if key, found := strings.CutPrefix(entry.Key, "aws:ResourceTag/"); found {
			tags = append(tags, sts.Tag{Key: key, Value: entry.Value})
		}
	}
	return tags
}

// RegistryFor returns the registry that a call of an API of AWS is for: the one with the host that
// the client has called or, if none has it, the only one of an account and region. An empty
// account or region is any.
func (s *Snapshot) RegistryFor(host, account, region string) (*Registry, error) {
	matches := func(r *Registry) bool {
		return (account == "" || r.Account == account) && (region == "" || r.Region == region)
	}
	var found []*Registry
	for _, r := range s.registries {
		if r.Serves(host) && (account == "" || r.Account == account) {
			return r, nil
		}
		if matches(r) {
			found = append(found, r)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, &NotOneRegistry{Account: account, Region: region, Several: len(found) > 1}
}

// NotOneRegistry is the error of a call that is for no registry, or could be for several.
type NotOneRegistry struct {
	Account, Region string
	Several         bool
}

// Error returns what is wrong and what the client can do.
func (e *NotOneRegistry) Error() string {
	if e.Several {
		return "several registries could be meant; send the request to the host name of one"
	}
	return "no registry has this host name, account and region; send the request to the host name of one"
}
