package policystore

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
)

// An inventory is the set of repositories that a registry has, by name.
type inventory map[string]bool

// complete reports whether no inventory has a fault.
func (have inventories) complete() bool {
	for _, list := range have {
		if list == nil {
			return false
		}
	}
	return true
}

func (have inventory) has(repository string) bool { return have[repository] }

// inventories are the inventories of all registries, by account and region. An inventory
// with faults is present and nil.
type inventories map[location]inventory

// loadInventories reads the outputs of aws ecr describe-repositories.
func (c *compiler) loadInventories(all *config.Registries) inventories {
	have := inventories{}
	for _, f := range c.others {
		at, found := parseRegistryPath(f.Path, inventoryName)
		if !found {
			continue
		}
		have[at] = nil
		owner := c.owner(all, f.Path, at)
		if owner == nil || c.skips(f.Path) {
			continue
		}
		list, err := cachedFile(c, f, "inventory of "+owner.ARNPrefix(), func(text []byte) (*inventory, error) {
			list, err := readInventory(f.Path, text, owner)
			return &list, err
		})
		if !c.report(err) {
			have[at] = *list
		}
	}
	return have
}

// readInventory reads an inventory whose repositories must belong to the registry.
func readInventory(file string, text []byte, r *config.RegistrySettings) (inventory, error) {
	have, isMisplaced := inventory{}, false
	err := awsexport.ReadRepositories(file, text, func(one awsexport.Repository) error {
		name := one.Name.Text
		wasMisplaced := isMisplaced
		isMisplaced = isMisplaced || one.Account.Text != r.Account || one.ARN.Text != r.RepositoryARN(name)
		switch {
		case wasMisplaced:
			return nil // the cause is probably the same
		case one.Account.Text != r.Account:
			return faultAt(file, one.Account.At, fmt.Sprintf("registryId %q is not account %q, which the folder is for", one.Account.Text, r.Account), "move it")
		case one.ARN.Text != r.RepositoryARN(name):
			return otherARN(file, one, r)
		case have[name]:
			return faultAt(file, one.Name.At, fmt.Sprintf("repository %q occurs twice", name), "keep one")
		default:
			have[name] = true
			return nil
		}
	})
	return have, err
}

// otherARN returns the error about an ARN that is not that of the repository.
func otherARN(file string, one awsexport.Repository, r *config.RegistrySettings) error {
	if parsed, err := iam.ParseARN(one.ARN.Text); err == nil && parsed.Partition != r.Partition {
		return faultAt(file, one.ARN.At, fmt.Sprintf("repositoryArn %q is in partition %q, and registry %q is in %q", one.ARN.Text, parsed.Partition, r.Name, r.Partition),
			fmt.Sprintf("set partition: %s for the registry, or move the file", parsed.Partition))
	}
	return faultAt(file, one.ARN.At, fmt.Sprintf("repositoryArn %q does not match folder and name, which make it %q", one.ARN.Text, r.RepositoryARN(one.Name.Text)), "move it")
}

// owner returns a registry of the account and region of a file. It reports a file that no
// registry owns, unless a registry may be missing because of a fault.
func (c *compiler) owner(all *config.Registries, file string, at location) *config.RegistrySettings {
	owner := all.In(at.account, at.region)
	if owner == nil && !all.Misses {
		c.report(fault(file, fmt.Sprintf("no registry in registries.yaml has account %s and region %s", at.account, at.region), "add it, or move the file"))
	}
	return owner
}

// repositoryOwner is owner for a file about a repository. It also reports a repository
// that the registry's inventory does not list: one of the two names is misspelled, so that
// a Deny in the file would apply to no repository. ok is false if there is a fault.
func (c *compiler) repositoryOwner(all *places, f locatedFile) (owner *config.RegistrySettings, ok bool) {
	owner = c.owner(all.configured, f.Path, f.location)
	if owner == nil {
		return nil, false
	}
	list := all.inventories[location{account: f.account, region: f.region}]
	if list != nil && !list[f.repository] {
		c.report(fault(f.Path, fmt.Sprintf("repository %q is not listed in %s", f.repository, inventoryPath(f.account, f.region)), "fix the name, or save the list again"))
		return owner, false
	}
	return owner, true
}

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
func (c *compiler) loadRepositories(all *places) *repositories {
	for _, f := range c.changed {
		c.compileRepositoryFile(f)
	}
	r := &repositories{files: c.repositories, knowsTags: true}
	changed, changes := c.changed, &tableChanges{}
	if all == c.last.places {
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
			changes.set(owner.RepositoryARN(f.repository), f.repositoryFile)
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
	removedPolicies, removedTags []string // ARNs

	policies []decision.Entry[*[1]*iam.Policy]
	tags     []decision.Entry[*iam.Context]
}

// set sets what a file has for a repository.
func (c *tableChanges) set(arn string, f *repositoryFile) {
	if f.policy[0] != nil {
		c.policies = append(c.policies, decision.Entry[*[1]*iam.Policy]{ARN: arn, Value: &f.policy})
	}
	if f.tags != nil {
		c.tags = append(c.tags, decision.Entry[*iam.Context]{ARN: arn, Value: &f.tags})
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

// registryPolicies are the policies of registries.
type registryPolicies struct {
	byPrefix map[string][]*iam.Policy // of the ARNs of the registry's repositories
	ordered  []*iam.Policy            // in the order of files
}

// loadRegistryPolicies compiles every registry policy, by the prefix of the ARNs of the
// registry's repositories. It applies to every request about them (Amazon ECR User Guide,
// "Private registry permissions", scope V2).
func (c *compiler) loadRegistryPolicies(all *config.Registries) *registryPolicies {
	policies := &registryPolicies{byPrefix: map[string][]*iam.Policy{}}
	for _, f := range c.others {
		at, found := parseRegistryPath(f.Path, registryPolicyFile)
		if !found {
			continue
		}
		owner := c.owner(all, f.Path, at)
		if c.skips(f.Path) {
			continue
		}
		compiled, err := cachedFile(c, f, iam.RegistryPolicy.String(), func(text []byte) (*compiledPolicy, error) {
			return c.compileResourcePolicy(iam.RegistryPolicy, f.Path, text, at)
		})
		if c.report(err) || owner == nil {
			continue
		}
		policy := c.use(compiled)
		policies.byPrefix[owner.ARNPrefix()] = []*iam.Policy{policy}
		policies.ordered = append(policies.ordered, policy)
	}
	return policies
}

// check compares what an output says about the policy's repository and registry with the
// path of the file.
func (at location) check(file string, p *awsexport.ResourcePolicy) error {
	account, repository := p.Account, p.Repository
	switch {
	case account.Text != "" && account.Text != at.account:
		return faultAt(file, account.At, fmt.Sprintf("registryId %q is not account %q, which the folder is for", account.Text, at.account), "move it")
	case repository.Text == "" && at.repository != "":
		return faultAt(file, diag.Point{Line: 1, Column: 1}, fmt.Sprintf("the output lacks repositoryName, like that of get-registry-policy, which belongs in %s", registryPolicyFile), "save the output of aws ecr get-repository-policy as it is")
	case repository.Text != "" && at.repository == "":
		return faultAt(file, repository.At, fmt.Sprintf("this is the policy of repository %q, in the file for a registry's", repository.Text), fmt.Sprintf("move it to %q", "repositories/"+repository.Text+"/"+policyFile))
	case repository.Text != "" && repository.Text != at.repository:
		return faultAt(file, repository.At, fmt.Sprintf("repositoryName %q is not %q, which the folder is for", repository.Text, at.repository), "move it")
	}
	return nil
}

// ResourceTags returns the condition keys aws:ResourceTag/KEY and ecr:ResourceTag/KEY of
// an action on a resource (Service Authorization Reference for Amazon ECR). It returns
// none for a resource that is not a repository of the directory, and none for creating
// one, because a repository that does not exist has no tags. The list is shared; callers
// must not change it.
func (r *Registry) ResourceTags(action, resource string) iam.Context {
	if strings.EqualFold(action, "ecr:CreateRepository") {
		return nil
	}
	return r.tags(resource)
}

// tags returns the condition keys for the tags of a repository, nil if they are not known.
func (r *Registry) tags(arn string) iam.Context {
	tags := r.repositories.tags.Get(arn)
	if tags == nil {
		return nil
	}
	return slices.Clip(*tags)
}

// tagContext returns the condition keys for the tags of a repository.
func tagContext(tags []sts.Tag) iam.Context {
	c := make(iam.Context, 0, 2*len(tags))
	for _, tag := range tags {
		c = append(c,
			iam.ContextEntry{Key: "aws:ResourceTag/" + tag.Key, Value: tag.Value},
			iam.ContextEntry{Key: "ecr:ResourceTag/" + tag.Key, Value: tag.Value})
	}
	c.MarkAmbiguous()
	return c
}

// tagKeys returns the condition keys for the tags of all repositories, in lower case.
func (r *repositories) tagKeys() map[string]bool {
	all := map[string]bool{}
	for _, tags := range r.tags.All() {
		for _, entry := range *tags {
			all[strings.ToLower(entry.Key)] = true
		}
	}
	return all
}
