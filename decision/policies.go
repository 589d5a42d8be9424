package decision

import (
	"fmt"
	"slices"

	"extauthz/iam"
)

// Policies are the compiled policies of a snapshot, each where AWS attaches it.
type Policies struct {
	Identity   map[string][]*iam.Policy // identity policies by the ARN of their user or role
	Boundary   map[string][]*iam.Policy // the permissions boundary, likewise; whoever has an entry has a policy in it
	Repository map[string][]*iam.Policy // the repository policy by repository ARN
	// Registry is the registry policy by what the ARNs of its repositories have
	// in common: arn:aws:ecr:eu-central-1:123456789012, and a colon.
	Registry     map[string][]*iam.Policy
	Organization *iam.Organization // nil where there is none
}

// registryOf is what the ARN of a repository shares with those of its registry,
// "" for another resource.
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

// resourceBased are the policies of each repository that has one: its own and
// its registry's.
func (p *Policies) resourceBased() map[string]attached {
	all := make(map[string]attached, len(p.Repository))
	for arn, own := range p.Repository {
		all[arn] = newAttached(slices.Concat(own, p.Registry[registryOf(arn)]))
	}
	return all
}

// checkBoundaries refuses a boundary without a policy: in an evaluation it would
// be no boundary at all.
func (p *Policies) checkBoundaries() error {
	for arn, policies := range p.Boundary {
		if len(policies) == 0 {
			return fmt.Errorf("the permissions boundary of %q has no policy; name one, or leave the boundary out", arn)
		}
	}
	return nil
}

// attached is a list of policies together with the condition keys they mention.
type attached struct {
	policies []*iam.Policy
	keys     []string
}

func attach(byARN map[string][]*iam.Policy) map[string]attached {
	all := make(map[string]attached, len(byARN))
	for arn, policies := range byARN {
		all[arn] = newAttached(policies)
	}
	return all
}

func newAttached(policies []*iam.Policy) attached {
	return attached{policies, keysOf(policies)}
}

// keysOf lists the condition keys that policies mention, each once.
func keysOf(policies []*iam.Policy) (keys []string) {
	for _, p := range policies {
		keys = append(keys, p.ConditionKeys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
