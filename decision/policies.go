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
		a := attached{policies: policies}
		for _, p := range policies {
			a.keys = append(a.keys, p.ConditionKeys()...)
		}
		slices.Sort(a.keys)
		a.keys = slices.Compact(a.keys)
		all[arn] = a
	}
	return all
}
