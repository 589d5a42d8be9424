package policystore

import (
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
)

// isAccount tells whether a folder in accounts/ is called as an account: by 12
// digits (AWS Account Management Reference Guide).
func isAccount(name string) bool {
	return len(name) == 12 && strings.Trim(name, digits) == ""
}

// isRegion tells whether a folder in that is called as a region can be.
func isRegion(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-"+digits) == ""
}

const digits = "0123456789"

// The names of the files about a repository; no component of a repository's name
// begins with an underscore.
const (
	policyFile = "_policy.json"
	tagsFile   = "_tags.json"
)

// isOfRepository tells whether a file is about a repository by its path.
func isOfRepository(file string) bool {
	_, name, ok := parsePlace(file)
	return ok && (name == policyFile || name == tagsFile)
}

// place is what a file is about by its path: a repository, or a whole registry,
// which has no repository's name.
type place struct{ account, region, repository string }

// cutAccount takes accounts/ACCOUNT/REST apart.
func cutAccount(file string) (account, rest string, ok bool) {
	file, found := strings.CutPrefix(file, "accounts/")
	account, rest, _ = strings.Cut(file, "/")
	return account, rest, found && isAccount(account)
}

// splitAccount takes accounts/ACCOUNT/REGION/REST apart.
func splitAccount(file string) (account, region, rest string, ok bool) {
	account, file, ok = cutAccount(file)
	region, rest, _ = strings.Cut(file, "/")
	return account, region, rest, ok && isRegion(region)
}

// parsePlace reads accounts/ACCOUNT/REGION/repositories/NAME/FILE; false for
// another form.
func parsePlace(file string) (p place, name string, ok bool) {
	account, region, rest, ok := splitAccount(file)
	rest, found := strings.CutPrefix(rest, "repositories/")
	slash := strings.LastIndexByte(rest, '/')
	if !ok || !found || slash < 0 || !mapping.ValidRepository(rest[:slash]) {
		return place{}, "", false
	}
	return place{account, region, rest[:slash]}, rest[slash+1:], true
}

// repositoryOwner returns the registry of a repository about which there is a
// file.
func (all registries) repositoryOwner(file string, p place) (*Registry, error) {
	owner := all.owner(p.account, p.region)
	if owner == nil {
		return nil, errNoOwner(file, p.account, p.region)
	}
	return owner, owner.checkKnown(file, p.repository)
}

// loadRepositoryPolicies compiles every repository policy, by repository ARN.
func loadRepositoryPolicies(c *compilation, all registries) (map[string][]*iam.Policy, error) {
	policies := map[string][]*iam.Policy{}
	for _, path := range c.Paths {
		p, name, ok := parsePlace(path)
		if !ok || name != policyFile {
			continue
		}
		owner, err := all.repositoryOwner(path, p)
		if err != nil {
			return nil, err
		}
		policy, err := c.policyOf(p, iam.RepositoryPolicy, path)
		if err != nil {
			return nil, err
		}
		policies[owner.RepositoryARN(p.repository)] = []*iam.Policy{policy}
	}
	return policies, nil
}

// policyOf compiles the policy of a repository or a registry in a file, where p is
// what the file is about.
func (c *compilation) policyOf(p place, kind iam.Kind, path string) (*iam.Policy, error) {
	return fromFile(c, path, kind.String(), func(text []byte) (*iam.Policy, error) {
		d, err := openPolicy(path, text, p)
		if err != nil {
			return nil, err
		}
		return d.compile(kind)
	})
}

// owner returns a registry of the account and region, nil if there is none.
func (all registries) owner(account, region string) *Registry {
	for _, r := range all {
		if r.Account == account && r.Region == region {
			return r
		}
	}
	return nil
}
