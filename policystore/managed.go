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
	"extauthz/policystore/awsexport"
)

// awsPolicies are the managed policies of AWS for ECR, in their default version (AWS
// Managed Policy Reference Guide).
//
//go:embed aws/*.json
var awsPolicies embed.FS

// managedPolicies are the managed policies of a snapshot. Each can be attached as an
// identity policy, as a permissions boundary and as a session policy.
type managedPolicies map[policyName]*managedPolicy

// A policyName identifies a managed policy: a file of the operator by its name, for every
// account; one of AWS's by its name and the account "aws"; one in the output of an account
// by that account and the policy's ARN.
type policyName struct{ account, name string }

// A managedPolicy is one document, compiled for each of its uses.
type managedPolicy struct {
	awsexport.Document
	compiler *compiler
	uses     map[iam.Kind]*iam.Policy
	// accepted reports that AWS has accepted the text of the file: it is the output of a
	// command, or an entity refers to it by the ARN of one of AWS's policies.
	accepted bool
	isFaulty bool // it cannot be used
}

// loadManaged compiles the managed policies of the directory, including those that are
// not attached. A policy with faults is in the result, so that references to it are no
// faults.
func (c *compiler) loadManaged(accounts []*awsexport.Authorization) managedPolicies {
	m := managedPolicies{}
	c.report(m.addAWS(c))
	for _, file := range c.Paths {
		name, found := strings.CutPrefix(file, "managed/")
		if !found {
			continue
		}
		p := &managedPolicy{isFaulty: c.unusable[file]}
		if !p.isFaulty {
			var err error
			p.Document, p.accepted, err = awsexport.ReadPolicyVersion(file, c.Text(file))
			p.isFaulty = c.report(err)
		}
		m.add(c, policyName{"", strings.TrimSuffix(name, ".json")}, p)
	}
	for _, a := range accounts {
		for _, arn := range slices.Sorted(maps.Keys(a.Policies)) {
			d := a.Policies[arn].Document
			m.add(c, policyName{a.Account, arn}, &managedPolicy{Document: d, isFaulty: d.Text == nil})
		}
	}
	return m
}

// addAWS adds AWS's policies for ECR.
func (m managedPolicies) addAWS(c *compiler) error {
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
		m.add(c, policyName{"aws", name}, &managedPolicy{Document: awsexport.File("arn:aws:iam::aws:policy/"+name, text)})
	}
	return nil
}

// add adds a policy. It compiles the policy as an identity policy, attached or not, so
// that faults are found. It does not compile those of AWS in the output of an account,
// which has the policies of hundreds of other services.
func (m managedPolicies) add(c *compiler, name policyName, p *managedPolicy) {
	p.compiler, p.uses = c, map[iam.Kind]*iam.Policy{}
	m[name] = p
	if !awsexport.IsAWSPolicy(name.name) && !p.isFaulty {
		_, err := p.compiled(iam.IdentityPolicy)
		c.report(err)
	}
}

// compiled returns the policy for a use. It reports the faults of the document itself: the
// error only says that the policy cannot be used.
func (p *managedPolicy) compiled(kind iam.Kind) (*iam.Policy, error) {
	if known := p.uses[kind]; known != nil {
		return known, nil
	}
	if p.isFaulty {
		return nil, errFollows
	}
	policy, err := p.compiler.policy(kind, p.Document)
	if p.compiler.report(err) {
		p.isFaulty = true
		return nil, errFollows
	}
	p.uses[kind] = policy
	return policy, nil
}

// find returns, for a use, the policy that an entity refers to: by the name of a file in
// managed/, by that policy's ARN in the entity's account, by the ARN of one in the output
// of that account, or by the ARN of one of AWS's policies. AWS's policies for ECR are
// built in; those for other services must be in the output of an account or in managed/.
func (m managedPolicies) find(kind iam.Kind, reference string, entity iam.ARN) (*iam.Policy, error) {
	policy, err := m.lookup(reference, entity)
	if err != nil {
		return nil, err
	}
	return policy.compiled(kind)
}

func (m managedPolicies) lookup(reference string, entity iam.ARN) (*managedPolicy, error) {
	name, isAWS := reference, awsexport.IsAWSPolicy(reference)
	_, nameOfAWS, _ := strings.Cut(reference, ":policy/")
	if isAWS || isOwnPolicy(reference, entity) {
		name = iam.LastSegment(reference)
	}
	ofAccount, file := m[policyName{entity.Account, reference}], m[policyName{"", name}]
	if entity.Account == "" {
		ofAccount = nil // the account is unknown: only files count
	}
	switch {
	case ofAccount != nil && file != nil && !isAWS:
		return nil, fmt.Errorf("policy %q is in %s and in %s; remove one of the two", reference, ofAccount.Source, file.Source)
	case ofAccount != nil:
		return ofAccount, nil
	case isAWS && m[policyName{"aws", nameOfAWS}] != nil:
		return m[policyName{"aws", nameOfAWS}], nil
	case file != nil:
		file.accepted = file.accepted || isAWS
		return file, nil
	}
	return nil, missingPolicyError{reference, path.Base(name)}
}

// A missingPolicyError is the error about a reference to a policy that does not exist.
type missingPolicyError struct{ reference, name string }

func (e missingPolicyError) Error() string {
	return fmt.Sprintf("policy %q does not exist; add managed/%s.json, or use the ARN of one of AWS's policies for ECR", e.reference, e.name)
}

// isOwnPolicy reports whether a reference is the ARN of a policy in the entity's account.
func isOwnPolicy(reference string, entity iam.ARN) bool {
	own := iam.ARN{Partition: entity.Partition, Service: "iam", Account: entity.Account, Resource: "policy/"}.String()
	return entity.Account != "" && strings.HasPrefix(reference, own)
}

// withoutQuotas returns the findings without wrong ones about AWS's quota for the length
// of a document: AWS has accepted the documents in its outputs, and the quota does not
// apply to AWS's own policies (IAM User Guide, "IAM and AWS STS quotas").
func (m managedPolicies) withoutQuotas(found diag.List) diag.List {
	accepted := map[string]bool{} // by file
	for _, policy := range m {
		if policy.accepted {
			accepted[policy.Source.File] = true
		}
	}
	return slices.DeleteFunc(found, func(f diag.Diagnostic) bool {
		return f.Code == "too-large" && (accepted[f.File] || strings.HasSuffix(f.File, "/"+authorizationFile))
	})
}

// countOperators returns the number of managed policies that are not AWS's own.
func (m managedPolicies) countOperators() (n int) {
	for name := range m {
		if name.account != "aws" && !awsexport.IsAWSPolicy(name.name) {
			n++
		}
	}
	return n
}

// operators returns the operator's policies in each of their uses and, as aws, those of
// AWS's policies in use that are in the output of an account.
func (m managedPolicies) operators() (all, aws []*iam.Policy) {
	for name, policy := range m {
		uses := slices.Collect(maps.Values(policy.uses))
		switch {
		case awsexport.IsAWSPolicy(name.name):
			aws = append(aws, uses...)
		case name.account != "aws":
			all = append(all, uses...)
		}
	}
	return all, aws
}
