package policystore

import (
	"extauthz/decision"
	"extauthz/iam"
	"extauthz/policystore/config"
)

// repositories are the policies and tags of repositories, by the ARN of the repository.
type repositories struct {
	files     []*repositoryFile // in order
	policies  decision.Table[*[1]*iam.Policy]
	tags      decision.Table[*iam.Context] // as condition keys
	knowsTags bool                         // no tags are missing because of a fault
}

// loadRepositories compiles the policies and reads the tags of repositories. If the registries
// and inventories are those of the last good content, so are the ARNs and tables of
// unchanged files: only the entries of the others change.
func (c *compiler) loadRepositories(all *catalog) *repositories {
	c.compileRepositoryFiles()
	r := &repositories{files: c.repositories, knowsTags: true}
	changed, changes := c.changed, newTableChanges()
	if all == c.last.catalog {
		r.policies, r.tags = c.last.repositories.policies, c.last.repositories.tags
		for _, f := range c.removed {
			at, _ := parseRepositoryFile(f.Path)
			changes.remove(all.configured.In(at.account, at.region).RepositoryARN(at.repository), f)
		}
	} else if len(changed) < len(c.repositories) {
		changed = locate(c.repositories)
	}
	for _, f := range changed {
		isTags := !isPolicyFile(f.Path)
		if isTags && c.unusable[f.Path] {
			r.knowsTags = false
			continue
		}
		owner, ok := c.repositoryOwner(all, f)
		if owner != nil {
			changes.set(owner, f)
		}
		r.knowsTags = r.knowsTags && !(isTags && (!ok || f.tags == nil))
	}
	r.policies, r.tags = r.policies.With(changes.removedPolicies, changes.policies), r.tags.With(changes.removedTags, changes.tags)
	return r
}

// locate returns the repository of each file.
func locate(files []*repositoryFile) (all []locatedFile) {
	for _, f := range files {
		at, _ := parseRepositoryFile(f.Path)
		all = append(all, locatedFile{f, at})
	}
	return all
}

// tableChanges are the changes of the tables of repositories.
type tableChanges struct {
	prefixes                     map[*config.RegistrySettings]string // of the ARNs of their repositories
	removedPolicies, removedTags []string                            // ARNs

	policies []decision.Entry[*[1]*iam.Policy]
	tags     []decision.Entry[*iam.Context]
}

func newTableChanges() *tableChanges {
	return &tableChanges{prefixes: map[*config.RegistrySettings]string{}}
}

// set sets what a file has for a repository of a registry.
func (c *tableChanges) set(owner *config.RegistrySettings, f locatedFile) {
	prefix, known := c.prefixes[owner]
	if !known {
		prefix = owner.RepositoryARN("")
		c.prefixes[owner] = prefix
	}
	if f.policy[0] != nil {
		c.policies = append(c.policies, decision.Entry[*[1]*iam.Policy]{Prefix: prefix, Name: f.repository, Value: &f.policy})
	}
	if f.tags != nil {
		c.tags = append(c.tags, decision.Entry[*iam.Context]{Prefix: prefix, Name: f.repository, Value: f.tags})
	}
}

// remove removes what a file had for a repository.
func (c *tableChanges) remove(arn string, f *repositoryFile) {
	if isPolicyFile(f.Path) {
		c.removedPolicies = append(c.removedPolicies, arn)
	} else {
		c.removedTags = append(c.removedTags, arn)
	}
}

// ordered returns the policies in the order of files.
func (r *repositories) ordered() []*iam.Policy {
	all := make([]*iam.Policy, 0, len(r.files))
	for _, f := range r.files {
		if f.policy[0] != nil {
			all = append(all, f.policy[0])
		}
	}
	return all
}
