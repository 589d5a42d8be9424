package decision

import (
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// Policies are the compiled policies of a snapshot, by what AWS attaches them to.
type Policies struct {
	Principals   Table[*Attached]       // by the ARN of a user or role
	Repositories Table[*[1]*iam.Policy] // the repository policy, by the ARN of the repository
	// Registries has the registry policy by the common prefix of the ARNs of its
	// repositories: arn:aws:ecr:eu-central-1:123456789012, and a colon.
	Registries   map[string][]*iam.Policy
	Organization *iam.OrganizationPolicies // nil if none is configured
}

// Attached is what is attached to a user or role.
type Attached struct {
	identity []*iam.Policy
	index    *iam.Index // of identity; nil for a short list
	boundary []*iam.Policy
}

// Attach returns what is attached to a user or role: identity policies, and the policies of a
// permissions boundary, nil without one. It returns an error for a boundary without a policy:
// evaluation would not apply it. earlier is what was attached before, nil for nothing. Its
// index is used again for a list that has not changed.
func Attach(identity, boundary []*iam.Policy, earlier *Attached) (*Attached, error) {
	if boundary != nil && len(boundary) == 0 {
		return nil, diag.Problemf("the permissions boundary has no policy").WithRemedy("add one, or remove the boundary")
	}
	if earlier == nil {
		earlier = &Attached{}
	}
	return &Attached{identity, iam.NewIndex(identity, earlier.index), boundary}, nil
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
