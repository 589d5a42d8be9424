package decision

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// Policies are the compiled policies of a snapshot, by what AWS attaches them to.
type Policies struct {
	Identity   map[string][]*iam.Policy // by the ARN of a user or role
	Boundary   map[string][]*iam.Policy // by the same; a list is not empty
	Repository map[string][]*iam.Policy // the repository policy, by the ARN of the repository
	// Registry is the registry policy by the common prefix of the ARNs of its
	// repositories: arn:aws:ecr:eu-central-1:123456789012, and a colon.
	Registry     map[string][]*iam.Policy
	Organization *iam.OrganizationPolicies // nil if none is configured
}

// checkBoundaries returns an error if a boundary has no policy. Evaluation would not apply
// such a boundary.
func (p *Policies) checkBoundaries() error {
	for arn, policies := range p.Boundary {
		if len(policies) == 0 {
			return diag.Problemf("the permissions boundary of %q has no policy", arn).WithRemedy("add one, or remove the boundary")
		}
	}
	return nil
}

// policyList is a list of policies with the condition keys that they mention.
type policyList struct {
	policies []*iam.Policy
	keys     []string
}

// listEach returns the policy list of each ARN.
func listEach(byARN map[string][]*iam.Policy) map[string]policyList {
	lists := make(map[string]policyList, len(byARN))
	for arn, policies := range byARN {
		lists[arn] = policyList{policies, keysOf(policies)}
	}
	return lists
}

// resourceBased returns the policies of each repository that has one: its own and its
// registry's.
func (p *Policies) resourceBased() map[string]policyList {
	lists := make(map[string]policyList, len(p.Repository))
	for arn, own := range p.Repository {
		policies := slices.Concat(own, p.Registry[registryOf(arn)])
		lists[arn] = policyList{policies, keysOf(policies)}
	}
	return lists
}

// controlKeys returns the condition keys that the control policies of each account mention.
// Those of Organization.Default have the account "".
func controlKeys(o *iam.OrganizationPolicies) (scpKeys, rcpKeys map[string][]string) {
	scpKeys, rcpKeys = map[string][]string{}, map[string][]string{}
	if o == nil {
		return scpKeys, rcpKeys
	}
	add := func(account string, policies iam.ControlPolicies) {
		scpKeys[account] = keysOf(slices.Concat(policies.SCPs...))
		rcpKeys[account] = keysOf(slices.Concat(policies.RCPs...))
	}
	add("", o.Default)
	for account, policies := range o.Accounts {
		add(account, policies)
	}
	return scpKeys, rcpKeys
}

// keysOf returns the condition keys that policies mention, each once.
func keysOf(policies []*iam.Policy) (keys []string) {
	for _, p := range policies {
		keys = append(keys, p.ConditionKeys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// registryOf returns the common prefix of the ARNs of a registry's repositories, "" for
// another resource.
func registryOf(resource string) string {
	colons := 0
	for i := range len(resource) {
		if resource[i] == ':' {
			colons++
		}
		if colons == 5 {
			return resource[:i+1]
		}
	}
	return ""
}

// accountOf returns the account in the ARN of a repository, "" for another resource.
func accountOf(resource string) string {
	registry := strings.TrimSuffix(registryOf(resource), ":")
	return registry[strings.LastIndexByte(registry, ':')+1:]
}
