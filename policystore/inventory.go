package policystore

import (
	"fmt"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/strictjson"
)

// inventory is the set of repositories that a registry has, by name.
type inventory map[string]bool

func (have inventory) has(repository string) bool { return have[repository] }

// inventoryName is the name of an inventory, in the folder of its account and
// region.
const inventoryName = "repositories.json"

// inventoryPath is the path of the inventory of an account's region.
func inventoryPath(account, region string) string {
	return "accounts/" + account + "/" + region + "/" + inventoryName
}

// isInventory tells whether a file is an inventory by its path.
func isInventory(file string) bool {
	account, region, _, ok := splitAccount(file)
	return ok && file == inventoryPath(account, region)
}

// loadInventories reads every inventory, tells the registries of its account and
// region of it, and counts the repositories.
func loadInventories(c *compilation, all registries) (repositories int, err error) {
	for _, path := range c.Paths {
		if !isInventory(path) {
			continue
		}
		account, region, _, _ := splitAccount(path)
		owner := all.owner(account, region)
		if owner == nil {
			return 0, errNoOwner(path, account, region)
		}
		have, err := fromFile(c, path, "inventory of "+owner.ARNPrefix(), func(text []byte) (inventory, error) {
			return readInventory(path, text, owner)
		})
		if err != nil {
			return 0, err
		}
		for _, r := range all {
			if r.Account == account && r.Region == region {
				r.Exists, r.listed = have.has, have
			}
		}
		repositories += len(have)
	}
	return repositories, nil
}

// readInventory reads the output of `aws ecr describe-repositories`. All that it
// says of a repository beside its name and place decides nothing here; of a list
// that is not whole, nothing can be concluded.
func readInventory(file string, text []byte, owner *Registry) (inventory, error) {
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return nil, err
	}
	var have inventory
	start := r.Start()
	err = readOutput(r, "the inventory", func(name string, at int) error {
		if name == "repositories" {
			have = inventory{}
			return r.Array(name, func(int) error { return have.read(r, owner) })
		}
		return skipWhole(r, name, at)
	})
	if err == nil && have == nil {
		err = r.ErrorAt(start, "repositories is missing", "save the output of aws ecr describe-repositories as it is")
	}
	return have, err
}

// read adds the next repository, which must be one of owner.
func (have inventory) read(r *strictjson.Reader, owner *Registry) error {
	start := r.Start()
	var name, id, arn field
	err := readOutput(r, "a repository", func(key string, _ int) error {
		switch key {
		case "repositoryName":
			return name.read(r, key)
		case "registryId":
			return id.read(r, key)
		case "repositoryArn":
			return arn.read(r, key)
		}
		return skip(r)
	})
	if err == nil {
		err = checkRequired(r, start, "a repository", required{name: "repositoryName", value: name}, required{name: "registryId", value: id}, required{name: "repositoryArn", value: arn})
	}
	switch {
	case err != nil:
		return err
	case !mapping.ValidRepository(name.text):
		return r.ErrorAt(name.at, fmt.Sprintf("%q is not a repository name", name.text), "")
	case id.text != owner.Account:
		return r.ErrorAt(id.at, fmt.Sprintf("registryId %q is not account %q, whose inventory this is", id.text, owner.Account), "move it")
	case arn.text != owner.RepositoryARN(name.text):
		return owner.errOtherARN(r, arn, name.text)
	case have[name.text]:
		return r.ErrorAt(name.at, fmt.Sprintf("repository %q is there twice", name.text), "keep one")
	}
	have[name.text] = true
	return nil
}

// errOtherARN returns the error of an ARN that is not the one of the repository.
func (owner *Registry) errOtherARN(r *strictjson.Reader, arn field, name string) error {
	if parsed, err := iam.ParseARN(arn.text); err == nil && parsed.Partition != owner.Partition {
		return r.ErrorAt(arn.at, fmt.Sprintf("repositoryArn %q is in partition %q, and registry %q is in %q", arn.text, parsed.Partition, owner.Name, owner.Partition), fmt.Sprintf("set partition: %s for the registry, or move the file", parsed.Partition))
	}
	return r.ErrorAt(arn.at, fmt.Sprintf("repositoryArn %q is not %q, which this place and name mean", arn.text, owner.RepositoryARN(name)), "move it")
}

// checkKnown refuses the policy of a repository that the registry's inventory
// does not list: one of the two names is misspelt, and a Deny would not be in
// force.
func (r *Registry) checkKnown(file, repository string) error {
	if r.Exists == nil || r.Exists(repository) {
		return nil
	}
	return fmt.Errorf("%s: repository %q is not listed in %s; fix the name, or save the list again", file, repository, inventoryPath(r.Account, r.Region))
}

func errNoOwner(file, account, region string) error {
	return fmt.Errorf("%s: no registry in registries.yaml has account %s and region %s; add it, or move the file", file, account, region)
}
