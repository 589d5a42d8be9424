package policystore

import (
	"fmt"
	"regexp"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
)

// namedFile is the form of the path of a file that others name; IAM's names of
// managed policies are up to 128 of these characters.
var namedFile = regexp.MustCompile(`^((managed|trust|jwks)/[A-Za-z0-9+=,.@_-]{1,128}\.json|ca/[A-Za-z0-9+=,.@_-]{1,128}\.pem)$`)

// checkPaths refuses a file that no part of the directory's layout explains.
func checkPaths(t tree) error {
	for _, file := range t.paths() {
		switch {
		case file == "registries.yaml" || file == "principals.yaml" || file == "htpasswd" || file == organizationPath:
		case namedFile.MatchString(file):
		case isRepositoryPolicy(file) || isInventory(file):
		default:
			return fmt.Errorf("%s: not a file of a policy directory, so it would not be in force; mend its name, remove it, or give it a leading dot", file)
		}
	}
	return nil
}

// The forms of the folders in accounts/. An account is 12 digits (AWS Account
// Management Reference Guide).
var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]+$`)
)

func isRepositoryPolicy(file string) bool {
	_, err := parsePlace(file)
	return err == nil
}

// place is where a repository policy stands in the directory.
type place struct{ account, region, repository string }

// splitAccount takes accounts/ACCOUNT/REGION/REST apart.
func splitAccount(file string) (account, region, rest string, ok bool) {
	file, found := strings.CutPrefix(file, "accounts/")
	account, file, _ = strings.Cut(file, "/")
	region, rest, _ = strings.Cut(file, "/")
	return account, region, rest, found && accountID.MatchString(account) && regionName.MatchString(region)
}

// parsePlace reads accounts/ACCOUNT/REGION/repositories/NAME/_policy.json.
func parsePlace(file string) (place, error) {
	account, region, rest, ok := splitAccount(file)
	rest, ok1 := strings.CutPrefix(rest, "repositories/")
	repository, ok2 := strings.CutSuffix(rest, "/_policy.json")
	p := place{account, region, repository}
	if !ok || !ok1 || !ok2 {
		return place{}, fmt.Errorf("%s: not accounts/ACCOUNT/REGION/repositories/NAME/_policy.json", file)
	}
	if !mapping.ValidRepository(repository) {
		return place{}, fmt.Errorf("%s: %q is not a repository name", file, repository)
	}
	return p, nil
}

// loadRepositoryPolicies compiles every repository policy, by repository ARN.
func loadRepositoryPolicies(t tree, all registries) (map[string][]*iam.Policy, error) {
	policies := map[string][]*iam.Policy{}
	for _, file := range t.paths() {
		p, err := parsePlace(file)
		if err != nil {
			continue // another file of the layout: checkPaths has seen to it
		}
		owner := all.owner(p.account, p.region)
		if owner == nil {
			return nil, errNoOwner(file, p.account, p.region)
		}
		if err := owner.checkKnown(file, p.repository); err != nil {
			return nil, err
		}
		policy, err := iam.Compile(iam.RepositoryPolicy, file, t[file])
		if err != nil {
			return nil, err
		}
		policies[owner.RepositoryARN(p.repository)] = []*iam.Policy{policy}
	}
	return policies, nil
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
