package policystore

import (
	"maps"
	"slices"
	"strings"

	"extauthz/identity/sts"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/directory"
)

// This file answers what the directory contains about the repositories of a registry. No decision
// depends on it.

// Repositories returns the names of the repositories of the registry in order: those that its
// inventory lists or, without one, those that have a policy or tags in the directory. The caller
// must not change the list.
func (r *Registry) Repositories() []string { return r.repositoriesOnce() }

func (r *Registry) sortedRepositories() []string {
	if r.listed != nil {
		return slices.Sorted(maps.Keys(r.listed))
	}
	names := map[string]bool{}
	for _, f := range r.tree.Below(r.at("").folder()) {
		if at, found := parseRepositoryFile(f.Path); found {
			names[at.repository] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// HasRepository reports whether a repository is one of Repositories.
func (r *Registry) HasRepository(name string) bool {
	if r.listed != nil {
		return r.listed.has(name)
	}
	at := r.at(name)
	return r.tree.Has(at.path(policyFile)) || r.tree.Has(at.path(tagsFile))
}

// RepositoryPolicy returns the text of the policy of a repository, "" if it has none.
func (r *Registry) RepositoryPolicy(name string) string {
	return policyText(r.tree.File(r.at(name).path(policyFile)))
}

// RegistryPolicy returns the text of the policy of the registry, "" if it has none.
func (r *Registry) RegistryPolicy() string {
	return policyText(r.tree.File(registryPolicyPath(r.Account, r.Region)))
}

// policyText returns the text of the policy in a file of a repository or registry, "" if the
// file does not exist.
func policyText(f *directory.File) string {
	if f == nil {
		return ""
	}
	policy, err := awsexport.ReadResourcePolicy(f.Path, f.Text)
	if err != nil {
		return "" // a snapshot has no such file
	}
	return string(policy.Document.Text)
}

// RepositoryTags returns the tags of a repository.
func (r *Registry) RepositoryTags(name string) (tags []sts.Tag) {
	for _, entry := range r.tags(r.RepositoryARN(name)) {
		if key, found := strings.CutPrefix(entry.Key, "aws:ResourceTag/"); found {
			tags = append(tags, sts.Tag{Key: key, Value: entry.Value})
		}
	}
	return tags
}
