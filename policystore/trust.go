package policystore

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// trustPolicies are the trust policies of a snapshot by name.
type trustPolicies map[string]*iam.Policy

// loadTrust compiles every trust policy, attached or not.
func loadTrust(c *compilation) (trustPolicies, error) {
	all := trustPolicies{}
	for _, file := range c.Paths {
		name, found := strings.CutPrefix(file, "trust/")
		if !found {
			continue
		}
		policy, err := c.policy(iam.TrustPolicy, c.wholeFile(file))
		if err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(name, ".json")] = policy
	}
	return all, nil
}

// find returns the trust policy of that name, and none for no name.
func (all trustPolicies) find(name string) (*iam.Policy, error) {
	policy := all[name]
	if policy == nil && name != "" {
		return nil, fmt.Errorf("trust policy %q is not known; add trust/%s.json", name, name)
	}
	return policy, nil
}
