package simulate

import (
	"fmt"

	"extauthz/iam"
)

// compiler compiles the policies of inputs, and caches them because the inputs of one run
// often contain the same policies.
type compiler struct {
	policies map[policyText]*iam.Policy
	size     int // bytes of text in the cache
}

// policyText is everything that a compiled policy depends on.
type policyText struct {
	kind     iam.Kind
	id, text string
}

// maxCached is the largest number of bytes of text in the cache. A full cache is
// emptied.
const maxCached = 8 << 20

func (c *compiler) compile(kind iam.Kind, id, text string) (*iam.Policy, error) {
	key := policyText{kind, id, text}
	if p := c.policies[key]; p != nil {
		return p, nil
	}
	p, err := iam.Compile(kind, id, []byte(text))
	if err != nil {
		return nil, err
	}
	if c.policies == nil || c.size > maxCached {
		c.policies, c.size = map[policyText]*iam.Policy{}, 0
	}
	c.policies[key] = p
	c.size += len(text)
	return p, nil
}

// policy reads one policy that has the given ID in the output.
func (in *inputReader) policy(kind iam.Kind, id string) (*iam.Policy, error) {
	text, at, err := in.reader.String(id + ", the text of a policy,")
	if err != nil {
		return nil, err
	}
	p, err := in.compiler.compile(kind, id, text)
	if err != nil {
		return nil, in.reader.WrapString(at, id, err)
	}
	return p, nil
}

// policyList reads an array of policies. Their IDs have numbers from 1.
func (in *inputReader) policyList(kind iam.Kind, name string, policies *[]*iam.Policy) error {
	return in.reader.Array(name, func(n int) error {
		p, err := in.policy(kind, fmt.Sprintf("%s.%d", name, n))
		*policies = append(*policies, p)
		return err
	})
}

// policyLevels reads an array of arrays of policies, root first.
func (in *inputReader) policyLevels(kind iam.Kind, name string, levels *[][]*iam.Policy) error {
	return in.reader.Array(name+", a list of policies for each level,", func(n int) error {
		var level []*iam.Policy
		err := in.policyList(kind, fmt.Sprintf("%s.%d", name, n), &level)
		*levels = append(*levels, level)
		return err
	})
}

// serviceControlPolicies reads ServiceControlPolicyInputList, which is an extension, or
// AWS's OrderedOrganizationPolicyInputList. Both mean the same. An input may have only
// one.
func (in *inputReader) serviceControlPolicies(name string, at int) error {
	if in.levelsField != "" {
		return in.reader.ErrorAt(at, fmt.Sprintf("the input has %s and %s", in.levelsField, name), "keep one of the two")
	}
	in.levelsField = name
	if name == orderedLevels {
		return in.orderedLevels(name)
	}
	return in.policyLevels(iam.ServiceControlPolicy, name, &in.policies.SCPs)
}

// orderedLevels is SimulateCustomPolicy's field for service control policies.
const orderedLevels = "OrderedOrganizationPolicyInputList"

// orderedLevels reads a list of objects, one for each level, root first (IAM API
// Reference, OrderedOrganizationPolicyType).
func (in *inputReader) orderedLevels(name string) error {
	const member = "ServiceControlPolicyInputList"
	return in.reader.Array(name+", a list of levels,", func(n int) error {
		what, start := fmt.Sprintf("%s.%d", name, n), in.reader.Start()
		var level []*iam.Policy
		found := false
		err := in.reader.Object(what, func(key string, at int) error {
			if found = key == member; !found {
				return in.reader.ErrorAt(at, fmt.Sprintf("unknown field %q", key), fmt.Sprintf("a level has %s", member))
			}
			return in.policyList(iam.ServiceControlPolicy, what+"."+key, &level)
		})
		if err == nil && !found {
			err = in.reader.ErrorAt(start, fmt.Sprintf("%s lacks %s", what, member), "add the policies of the level")
		}
		in.policies.SCPs = append(in.policies.SCPs, level)
		return err
	})
}

// boundary reads PermissionsBoundaryPolicyInputList. A principal has at most one
// permissions boundary.
func (in *inputReader) boundary(name string) error {
	at := in.reader.Start()
	err := in.policyList(iam.PermissionsBoundary, name, &in.policies.Boundary)
	if err == nil && len(in.policies.Boundary) > 1 {
		err = in.reader.ErrorAt(at, fmt.Sprintf("%s has %d policies", name, len(in.policies.Boundary)), "keep one, because a principal has at most one permissions boundary")
	}
	return err
}

// resourcePolicy reads ResourcePolicy.
func (in *inputReader) resourcePolicy(name string) error {
	p, err := in.policy(iam.RepositoryPolicy, name)
	in.policies.Resource = append(in.policies.Resource, p)
	return err
}

// registryPolicy reads RegistryPolicy, which may be a list of one.
func (in *inputReader) registryPolicy(name string) error {
	add := func(int) error {
		p, err := in.policy(iam.RegistryPolicy, name)
		in.policies.Resource = append(in.policies.Resource, p)
		return err
	}
	at := in.reader.Start()
	if !in.reader.AtArray() {
		return add(1)
	}
	return in.reader.Array(name, func(n int) error {
		if n > 1 {
			return in.reader.ErrorAt(at, fmt.Sprintf("%s has more than one policy", name), "keep one")
		}
		return add(n)
	})
}
