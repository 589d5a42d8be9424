package policystore

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// awsPolicies are the managed policies of AWS for ECR, in their default
// version (AWS Managed Policy Reference Guide).
//
//go:embed aws/*.json
var awsPolicies embed.FS

// managedPolicies are the managed policies of a snapshot. Each can be attached as
// an identity policy, as a permissions boundary and as a session policy.
type managedPolicies map[policyName]*managedPolicy

// A policyName is what a managed policy is found by: one of the operator's files by
// its name, for every account; one of AWS's by its name and the account "aws"; one
// of an account's authorization by that account and the policy's ARN.
type policyName struct{ account, name string }

// A managedPolicy is one text, compiled for each use that is made of it.
type managedPolicy struct {
	document
	in   *compilation
	uses map[iam.Kind]*iam.Policy
	// accepted reports that AWS has accepted the text of the file: it is the output of
	// a command, or an entity names it by the ARN of one of AWS's own policies.
	accepted bool
}

func loadManaged(c *compilation, exported []*authorization) (managedPolicies, error) {
	m := managedPolicies{}
	if err := m.addAWS(c); err != nil {
		return nil, err
	}
	for _, file := range c.Paths {
		name, found := strings.CutPrefix(file, "managed/")
		if !found {
			continue
		}
		if err := m.addFile(c, file, strings.TrimSuffix(name, ".json")); err != nil {
			return nil, err
		}
	}
	for _, a := range exported {
		for _, arn := range slices.Sorted(maps.Keys(a.policies)) {
			if err := m.add(c, policyName{a.account, arn}, a.policies[arn].document()); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// addFile adds the policy in a file of managed/.
func (m managedPolicies) addFile(c *compilation, file, name string) error {
	d, isOutput, err := openPolicyVersion(file, c.Text(file))
	if err != nil {
		return err
	}
	if err := m.add(c, policyName{"", name}, d); err != nil {
		return err
	}
	m[policyName{"", name}].accepted = isOutput
	return nil
}

// addAWS adds AWS's policies for ECR.
func (m managedPolicies) addAWS(c *compilation) error {
	entries, err := awsPolicies.ReadDir("aws")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := awsPolicies.ReadFile(path.Join("aws", entry.Name()))
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(entry.Name(), ".json")
		if err := m.add(c, policyName{"aws", name}, wholeFile("arn:aws:iam::aws:policy/"+name, text)); err != nil {
			return err
		}
	}
	return nil
}

// add adds a policy. It is compiled as an identity policy whether or not it is
// attached, so that a broken one is found; but not one of AWS's in an account's
// authorization, which lists hundreds of other services'.
func (m managedPolicies) add(c *compilation, name policyName, d document) error {
	m[name] = &managedPolicy{document: d, in: c, uses: map[iam.Kind]*iam.Policy{}}
	if isAWSPolicy(name.name) {
		return nil
	}
	_, err := m[name].as(iam.IdentityPolicy)
	return err
}

// isAWSPolicy tells whether a reference is the ARN of a policy of AWS.
func isAWSPolicy(reference string) bool {
	arn, err := iam.ParseARN(reference)
	return err == nil && arn.Service == "iam" && arn.Account == "aws" && strings.HasPrefix(arn.Resource, "policy/")
}

// as compiles the policy for a use; the same use has the same policy.
func (p *managedPolicy) as(kind iam.Kind) (*iam.Policy, error) {
	if known := p.uses[kind]; known != nil {
		return known, nil
	}
	compiled, err := p.in.policy(kind, &p.document)
	if err == nil {
		p.uses[kind] = compiled
	}
	return compiled, err
}

// find returns the policy that reference names to an entity, for a use: the name
// of a file in managed/, that policy's ARN in the entity's account, the ARN of one
// that the authorization of that account has, or the ARN of one of AWS's policies,
// which are known for ECR, and for other services are in an authorization or in
// managed/.
func (m managedPolicies) find(kind iam.Kind, reference string, entity iam.ARN) (*iam.Policy, error) {
	policy, err := m.lookup(reference, entity)
	if err != nil {
		return nil, err
	}
	return policy.as(kind)
}

func (m managedPolicies) lookup(reference string, entity iam.ARN) (*managedPolicy, error) {
	name, isAWS := reference, isAWSPolicy(reference)
	_, nameOfAWS, _ := strings.Cut(reference, ":policy/")
	own := iam.ARN{Partition: entity.Partition, Service: "iam", Account: entity.Account, Resource: "policy/"}.String()
	if isAWS || entity.Account != "" && strings.HasPrefix(reference, own) {
		name = reference[strings.LastIndexByte(reference, '/')+1:]
	}
	exported, file := m[policyName{entity.Account, reference}], m[policyName{"", name}]
	if entity.Account == "" {
		exported = nil // what is found is the file of that name
	}
	switch {
	case exported != nil && file != nil && !isAWS:
		return nil, fmt.Errorf("policy %q is in %s and in %s; remove one of the two", reference, exported.source, file.source)
	case exported != nil:
		return exported, nil
	case isAWS && m[policyName{"aws", nameOfAWS}] != nil:
		return m[policyName{"aws", nameOfAWS}], nil
	case file != nil:
		file.accepted = file.accepted || isAWS
		return file, nil
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

// withoutQuotas returns the findings without those about AWS's quota for the length of
// a document where they would be wrong: AWS has accepted what an account's
// authorization and other outputs have, and the quota is not for AWS's own policies
// (IAM User Guide, "IAM and AWS STS quotas").
func (m managedPolicies) withoutQuotas(found diag.List) diag.List {
	accepted := map[string]bool{} // by file
	for _, policy := range m {
		if policy.accepted {
			accepted[policy.source.File] = true
		}
	}
	return slices.DeleteFunc(found, func(f diag.Diagnostic) bool {
		return f.Code == "too-large" && (accepted[f.File] || strings.HasSuffix(f.File, "/"+authorizationFile))
	})
}

// countOperators returns the number of managed policies that are not AWS's own.
func (m managedPolicies) countOperators() (n int) {
	for name := range m {
		if name.account != "aws" && !isAWSPolicy(name.name) {
			n++
		}
	}
	return n
}

// operators returns the operator's policies in every use that is made of them, and
// aws those of AWS's in use that an account's authorization brought.
func (m managedPolicies) operators() (all, aws []*iam.Policy) {
	for name, policy := range m {
		uses := slices.Collect(maps.Values(policy.uses))
		switch {
		case isAWSPolicy(name.name):
			aws = append(aws, uses...)
		case name.account != "aws":
			all = append(all, uses...)
		}
	}
	return all, aws
}
