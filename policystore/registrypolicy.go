package policystore

import "extauthz/iam"

// registryPolicyFile is the name of the file of a registry's policy, in the folder
// of its account and region.
const registryPolicyFile = "registry-policy.json"

// isRegistryPolicy tells whether a file is a registry policy by its path.
func isRegistryPolicy(file string) bool {
	_, _, rest, ok := splitAccount(file)
	return ok && rest == registryPolicyFile
}

// loadRegistryPolicies compiles every registry policy, by what the ARNs of the
// registry's repositories begin with. It is enforced on every request about them
// (Amazon ECR User Guide, "Private registry permissions", scope V2).
func loadRegistryPolicies(c *compilation, all registries) (map[string][]*iam.Policy, error) {
	policies := map[string][]*iam.Policy{}
	for _, file := range c.Paths {
		if !isRegistryPolicy(file) {
			continue
		}
		account, region, _, _ := splitAccount(file)
		owner := all.owner(account, region)
		if owner == nil {
			return nil, errNoOwner(file, account, region)
		}
		policy, err := c.policyOf(place{account: account, region: region}, iam.RegistryPolicy, file)
		if err != nil {
			return nil, err
		}
		policies[owner.ARNPrefix()] = []*iam.Policy{policy}
	}
	return policies, nil
}
