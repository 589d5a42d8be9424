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
// name, AWS's by ARN.
type managedPolicies map[string]*iam.Policy

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
		if m[arn], err = iam.Compile(iam.IdentityPolicy, arn, text); err != nil {
			return nil, err
		}
	}
	for _, file := range t.paths() {
		name, found := strings.CutPrefix(file, "managed/")
		if !found {
			continue
		}
		if m[strings.TrimSuffix(name, ".json")], err = iam.Compile(iam.IdentityPolicy, file, t[file]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// find returns the policy that reference names to an entity: the name of a
// file in managed/, that policy's ARN in the entity's account, or the ARN of
// one of AWS's policies for ECR.
func (m managedPolicies) find(reference string, entity iam.ARN) (*iam.Policy, error) {
	name := reference
	own := iam.ARN{Partition: entity.Partition, Service: "iam", Account: entity.Account, Resource: "policy/"}.String()
	if path, found := strings.CutPrefix(reference, own); found {
		name = path[strings.LastIndexByte(path, '/')+1:]
	}
	if policy := m[name]; policy != nil {
		return policy, nil
	}
	return nil, fmt.Errorf("policy %q is not known; add managed/%s.json, or name one of AWS's policies for ECR by ARN", reference, path.Base(name))
}
