package policystore

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"extauthz/iam"
)

// awsPolicies are the managed policies of AWS for ECR, in their default
// version (AWS Managed Policy Reference Guide).
//
//go:embed aws/*.json
var awsPolicies embed.FS

// awsPrefix is what the ARNs of AWS's own policies have in common.
const awsPrefix = "arn:aws:iam::aws:policy/"

// managedPolicies are the managed policies of a snapshot: the operator's by
// name, AWS's by ARN. Each can be attached as an identity policy, as a
// permissions boundary and as a session policy.
type managedPolicies map[string]*managedPolicy

// A managedPolicy is one text, compiled for each use that is made of it.
type managedPolicy struct {
	source string
	text   []byte
	uses   map[iam.Kind]*iam.Policy
}

func loadManaged(t tree) (managedPolicies, error) {
	m := managedPolicies{}
	entries, err := awsPolicies.ReadDir("aws")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := awsPolicies.ReadFile(path.Join("aws", entry.Name()))
		if err != nil {
			return nil, err
		}
		arn := awsPrefix + strings.TrimSuffix(entry.Name(), ".json")
		if err := m.add(arn, arn, text); err != nil {
			return nil, err
		}
	}
	for _, file := range t.paths() {
		name, found := strings.CutPrefix(file, "managed/")
		if !found {
			continue
		}
		if err := m.add(strings.TrimSuffix(name, ".json"), file, t[file]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add adds a policy. It is compiled as an identity policy whether or not it is
// attached, so that a broken one is found.
func (m managedPolicies) add(name, source string, text []byte) error {
	m[name] = &managedPolicy{source: source, text: text, uses: map[iam.Kind]*iam.Policy{}}
	_, err := m[name].as(iam.IdentityPolicy)
	return err
}

// as compiles the policy for a use; the same use has the same policy.
func (p *managedPolicy) as(kind iam.Kind) (*iam.Policy, error) {
	if known := p.uses[kind]; known != nil {
		return known, nil
	}
	compiled, err := iam.Compile(kind, p.source, p.text)
	if err == nil {
		p.uses[kind] = compiled
	}
	return compiled, err
}

// find returns the policy that reference names to an entity, for a use: the name
// of a file in managed/, that policy's ARN in the entity's account, or the ARN of
// one of AWS's policies for ECR.
func (m managedPolicies) find(kind iam.Kind, reference string, entity iam.ARN) (*iam.Policy, error) {
	name := reference
	own := iam.ARN{Partition: entity.Partition, Service: "iam", Account: entity.Account, Resource: "policy/"}.String()
	if path, found := strings.CutPrefix(reference, own); found && entity.Account != "" {
		name = path[strings.LastIndexByte(path, '/')+1:]
	}
	if policy := m[name]; policy != nil {
		return policy.as(kind)
	}
	return nil, fmt.Errorf("policy %q is not known; add managed/%s.json, or name one of AWS's policies for ECR by ARN", reference, path.Base(name))
}

// findAll returns the policies that references name, or the position of the one
// that is wrong.
func (m managedPolicies) findAll(kind iam.Kind, references []string, entity iam.ARN) (policies []*iam.Policy, wrong int, err error) {
	policies = make([]*iam.Policy, len(references))
	for i, reference := range references {
		if policies[i], err = m.find(kind, reference, entity); err != nil {
			return nil, i, err
		}
	}
	return policies, 0, nil
}

// operators returns the operator's policies in every use that is made of them.
func (m managedPolicies) operators() (all []*iam.Policy) {
	for name, policy := range m {
		if strings.HasPrefix(name, awsPrefix) {
			continue
		}
		for _, compiled := range policy.uses {
			all = append(all, compiled)
		}
	}
	return all
}
