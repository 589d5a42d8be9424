package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	for path := range c.Paths() {
		at, found := parseRegistryPath(path, inventoryName)
		if !found {
			continue
		}
		have[at] = nil
		owner := c.owner(all, path, at)
		if owner == nil || c.skips(path) {
			continue
		}
		list, err := cachedFile(c, path, "inventory of "+owner.ARNPrefix(), func(text []byte) (inventory, error) {
			return readInventory(path, text, owner)
		})
		if !c.report(err) {
			have[at] = list
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
func (c *compiler) repositoryOwner(all *config.Registries, have inventories, file string, at location) (owner *config.RegistrySettings, ok bool) {
	owner = c.owner(all, file, at)
	if owner == nil {
		return nil, false
	}
	list := have[location{account: at.account, region: at.region}]
	if list != nil && !list[at.repository] {
		c.report(fault(file, fmt.Sprintf("repository %q is not listed in %s", at.repository, inventoryPath(at.account, at.region)), "fix the name, or save the list again"))
		return owner, false
	}
	return owner, true
}

// resourcePolicies are the policies of repositories or of registries.
type resourcePolicies struct {
	byARN   map[string][]*iam.Policy
	texts   map[string][]byte // of the policies, by ARN
	ordered []*iam.Policy     // in the order of files
}

func newResourcePolicies(size int) *resourcePolicies {
	return &resourcePolicies{byARN: make(map[string][]*iam.Policy, size), texts: make(map[string][]byte, size), ordered: make([]*iam.Policy, 0, size)}
}

// add adds the policy of an ARN, which has no other one.
func (r *resourcePolicies) add(arn string, policy *compiledPolicy) {
	r.ordered = append(r.ordered, policy.Policy)
	last := len(r.ordered)
	r.byARN[arn], r.texts[arn] = r.ordered[last-1:last:last], policy.text
}

// loadRepositoryPolicies compiles every repository policy, by repository ARN.
func (c *compiler) loadRepositoryPolicies(all *config.Registries, have inventories) *resourcePolicies {
	policies := newResourcePolicies(len(c.Files))
	for path := range c.Paths() {
		at, found := parseRepositoryPath(path, policyFile)
		if !found {
			continue
		}
		owner, _ := c.repositoryOwner(all, have, path, at)
		if policy := c.resourcePolicy(iam.RepositoryPolicy, path, at); policy != nil && owner != nil {
			policies.add(owner.RepositoryARN(at.repository), policy)
		}
	}
	return policies
}

// loadRegistryPolicies compiles every registry policy, by the prefix of the ARNs of the
// registry's repositories. It applies to every request about them (Amazon ECR User Guide,
// "Private registry permissions", scope V2).
func (c *compiler) loadRegistryPolicies(all *config.Registries) *resourcePolicies {
	policies := newResourcePolicies(0)
	for path := range c.Paths() {
		at, found := parseRegistryPath(path, registryPolicyFile)
		if !found {
			continue
		}
		owner := c.owner(all, path, at)
		if policy := c.resourcePolicy(iam.RegistryPolicy, path, at); policy != nil && owner != nil {
			policies.add(owner.ARNPrefix(), policy)
		}
	}
	return policies
}

// resourcePolicy compiles the policy in a file of a repository or registry, nil if it has
// a fault.
func (c *compiler) resourcePolicy(kind iam.Kind, path string, at location) *compiledPolicy {
	if c.skips(path) {
		return nil
	}
	compiled, err := cachedFile(c, path, kind.String(), func(text []byte) (*compiledPolicy, error) {
		p, err := awsexport.ReadResourcePolicy(path, text)
		if err != nil {
			return nil, err
		}
		if p.IsOutput {
			if err := at.check(path, p); err != nil {
				return nil, err
			}
		}
		compiled, err := c.compilePolicy(kind, p.Document)
		if err == nil {
			compiled.text = p.Document.Text
		}
		return compiled, err
	})
	if c.report(err) {
		return nil
	}
	c.use(compiled)
	return compiled
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

// resourceTags are the condition keys for the tags of repositories, by repository ARN.
type resourceTags map[string]iam.Context

// ResourceTags returns the condition keys aws:ResourceTag/KEY and ecr:ResourceTag/KEY of
// an action on a resource (Service Authorization Reference for Amazon ECR). It returns
// none for a resource that is not a repository of the directory, and none for creating
// one, because a repository that does not exist has no tags. The list is shared; callers
// must not change it.
func (r *Registry) ResourceTags(action, resource string) iam.Context {
	if strings.EqualFold(action, "ecr:CreateRepository") {
		return nil
	}
	return slices.Clip(r.tags[resource])
}

// loadTags reads the tags of every repository. It returns false if some are missing because
// of a fault.
func (c *compiler) loadTags(all *config.Registries, have inventories) (tags resourceTags, complete bool) {
	tags, complete = resourceTags{}, true
	for path := range c.Paths() {
		at, found := parseRepositoryPath(path, tagsFile)
		if !found {
			continue
		}
		if c.skips(path) {
			complete = false
			continue
		}
		owner, ok := c.repositoryOwner(all, have, path, at)
		keys, err := cachedFile(c, path, "tags", func(text []byte) (iam.Context, error) {
			list, err := awsexport.ReadTags(path, text)
			return tagContext(list), err
		})
		if c.report(err) || !ok {
			complete = false
			continue
		}
		tags[owner.RepositoryARN(at.repository)] = keys
	}
	return tags, complete
}

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

// keys returns the condition keys of all repositories, in lower case.
func (t resourceTags) keys() map[string]bool {
	all := map[string]bool{}
	for context := range maps.Values(t) {
		for _, entry := range context {
			all[strings.ToLower(entry.Key)] = true
		}
	}
	return all
}
