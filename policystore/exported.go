package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
)

// addExported adds the users and roles of an account's authorization, with what is
// attached to them.
func (p *principals) addExported(a *authorization, from *sources) error {
	groups := map[string][]*iam.Policy{}
	for _, name := range slices.Sorted(maps.Keys(a.groups)) {
		policies, err := p.exportedPolicies(a, a.groups[name], from)
		if err != nil {
			return err
		}
		groups[name] = policies
	}
	for _, d := range a.entities {
		entity, err := p.exportedEntity(a, d, groups, from)
		if err != nil {
			return err
		}
		if err := p.add(entity, diag.File(a.file).At(d.place)); err != nil {
			return a.wrap(d.arn.at, err)
		}
	}
	return nil
}

// exportedEntity is a user or role with its own policies and those of its groups.
func (p *principals) exportedEntity(a *authorization, d *entityDetail, groups map[string][]*iam.Policy, from *sources) (entity sts.Entity, err error) {
	entity = sts.Entity{ARN: d.arn.text, ID: d.id.text, Tags: d.tags}
	if !uniqueID.MatchString(d.id.text) {
		return entity, a.errorAt(d.id.at, fmt.Sprintf("%q is not the unique id of a user or role", d.id.text), "save the output as it is")
	}
	if entity.Identity, err = p.exportedPolicies(a, d, from); err != nil {
		return entity, err
	}
	for _, group := range d.groups {
		of, known := groups[group.text]
		if !known {
			return entity, a.errorAt(group.at, fmt.Sprintf("group %q is not in GroupDetailList, so that its policies are not known", group.text), "save the output without --filter")
		}
		entity.Identity = append(entity.Identity, of...)
	}
	if d.boundary.text != "" {
		boundary, err := a.find(iam.PermissionsBoundary, d.boundary, from.managed)
		if err != nil {
			return entity, err
		}
		entity.Boundary = []*iam.Policy{boundary}
	}
	if d.trust.text != nil {
		entity.Trust, err = p.exportedPolicy(from, iam.TrustPolicy, &d.trust)
	}
	return entity, err
}

// exportedPolicies are the inline and the managed policies of an entry.
func (p *principals) exportedPolicies(a *authorization, d *entityDetail, from *sources) (policies []*iam.Policy, err error) {
	for i := range d.inline {
		policy, err := p.exportedPolicy(from, iam.IdentityPolicy, &d.inline[i])
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	for _, arn := range d.managed {
		policy, err := a.find(iam.IdentityPolicy, arn, from.managed)
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy)
	}
	return policies, nil
}

// exportedPolicy compiles a policy that stands inside an authorization.
func (p *principals) exportedPolicy(from *sources, kind iam.Kind, d *document) (*iam.Policy, error) {
	policy, err := from.policy(kind, d)
	if err == nil {
		p.inline = append(p.inline, policy)
	}
	return policy, err
}

// find finds a managed policy that an entry refers to. One that is not AWS's must
// be in the same output, which has all that are attached: a file in managed/ of its
// name may be another text.
func (a *authorization) find(kind iam.Kind, arn field, managed managedPolicies) (*iam.Policy, error) {
	parsed, err := iam.ParseARN(arn.text)
	if err != nil {
		return nil, a.wrap(arn.at, err)
	}
	if !isAWSPolicy(arn.text) && a.policies[arn.text] == nil {
		return nil, a.errorAt(arn.at, fmt.Sprintf("policy %q is attached and not in Policies", arn.text), "save the output without --filter")
	}
	policy, err := managed.lookup(arn.text, iam.ARN{Partition: parsed.Partition, Account: a.account})
	if err != nil {
		return nil, a.errorAt(arn.at, fmt.Sprintf("%v", err), "an output without --filter has every policy that is attached")
	}
	return policy.as(kind)
}
