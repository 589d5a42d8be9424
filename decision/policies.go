package decision

import (
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

// indexes are the indexes of long lists of policies, by the same names.
type indexes struct {
	identity, repository, registry map[string]*iam.Index
}

func newIndexes(p *Policies, earlier indexes) indexes {
	return indexes{
		identity:   indexEach(p.Identity, earlier.identity),
		repository: indexEach(p.Repository, earlier.repository),
		registry:   indexEach(p.Registry, earlier.registry),
	}
}

func indexEach(lists map[string][]*iam.Policy, earlier map[string]*iam.Index) map[string]*iam.Index {
	all := map[string]*iam.Index{}
	for arn, policies := range lists {
		if x := iam.NewIndex(policies, earlier[arn]); x != nil {
			all[arn] = x
		}
	}
	return all
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
