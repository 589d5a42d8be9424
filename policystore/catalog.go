package policystore

import (
	"fmt"
	"slices"

	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// A catalog contains the registries of registries.yaml, and the repositories that inventories list
// in them. The ARNs of repositories depend on nothing else. It is immutable.
type catalog struct {
	files       []*directory.File // that they were read from
	configured  *config.Registries
	inventories inventories
}

// loadCatalog reads the registries and inventories. It returns the catalog of the last good content
// if their files are unchanged.
func (c *compiler) loadCatalog() *catalog {
	all := &catalog{}
	for _, f := range c.others {
		if _, isInventory := parseRegistryPath(f.Path, inventoryName); isInventory || f.Path == registriesPath {
			all.files = append(all.files, f)
		}
	}
	if last := c.last.catalog; last != nil && slices.Equal(all.files, last.files) {
		return last
	}
	all.configured = c.loadRegistries()
	all.inventories = c.loadInventories(all.configured)
	for _, r := range all.configured.List {
		if list, found := all.inventories[location{account: r.Account, region: r.Region}]; found {
			r.Exists = list.has
		}
	}
	return all
}

// complete reports whether no registry and no inventory is missing because of a fault.
func (all *catalog) complete() bool { return !all.configured.Misses && all.inventories.complete() }

// An inventory is the set of repositories that a registry has, by name.
type inventory map[string]bool

func (have inventory) has(repository string) bool { return have[repository] }

// inventories are the inventories of all registries, by account and region. An inventory
// with faults is present and nil.
type inventories map[location]inventory

// complete reports whether no inventory has a fault.
func (have inventories) complete() bool {
	for _, list := range have {
		if list == nil {
			return false
		}
	}
	return true
}

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
func (c *compiler) repositoryOwner(all *catalog, f locatedFile) (owner *config.RegistrySettings, ok bool) {
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
