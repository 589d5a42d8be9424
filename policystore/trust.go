package policystore

import (
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/policystore/awsexport"
)

// trustPolicies are the trust policies of a snapshot by name.
type trustPolicies map[string]*iam.Policy

// loadTrust compiles every trust policy, including those that are not attached. A policy
// with faults is nil.
func (c *compiler) loadTrust() trustPolicies {
	all := trustPolicies{}
	for _, file := range c.Paths {
		name, found := strings.CutPrefix(file, "trust/")
		if !found {
			continue
		}
		name = strings.TrimSuffix(name, ".json")
		all[name] = nil
		if c.unusable[file] {
			continue
		}
		if policy, err := c.policy(iam.TrustPolicy, awsexport.File(file, c.Text(file))); !c.report(err) {
			all[name] = policy
		}
	}
	return all
}

// find returns the trust policy with a name, and none for "".
func (all trustPolicies) find(name string) (*iam.Policy, error) {
	policy, found := all[name]
	switch {
	case found && policy == nil:
		return nil, errFollows
	case !found && name != "":
		return nil, fmt.Errorf("trust policy %q does not exist; add trust/%s.json", name, name)
	}
	return policy, nil
}
