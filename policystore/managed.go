package policystore

import (
	"embed"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/directory"
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

// A managedPolicy is one document. It is compiled for each of its uses.
type managedPolicy struct {
	awsexport.Document
	isOutput bool // the file is the output of a command, so that AWS has accepted the text
	isFaulty bool // it cannot be used
}

// loadManaged reads the managed policies of the directory, and those of AWS for ECR. A
// policy with faults is in the result, so that references to it are no faults.
func (c *compiler) loadManaged(accounts []*awsexport.Authorization) managedPolicies {
	m := managedPolicies{}
	c.report(m.addAWS())
	for _, f := range c.others {
		if name, found := strings.CutPrefix(f.Path, "managed/"); found {
			m[policyName{"", strings.TrimSuffix(name, ".json")}] = c.loadManagedFile(f)
		}
	}
	for _, a := range accounts {
		for _, arn := range slices.Sorted(maps.Keys(a.Policies)) {
			m[policyName{a.Account, arn}] = c.checkedPolicy(arn, a.Policies[arn].Document, false)
		}
	}
	return m
}

// addAWS adds AWS's policies for ECR.
func (m managedPolicies) addAWS() error {
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
		m[policyName{"aws", name}] = &managedPolicy{Document: awsexport.File("arn:aws:iam::aws:policy/"+name, text)}
	}
	return nil
}

// loadManagedFile reads a file in managed/.
func (c *compiler) loadManagedFile(f *directory.File) *managedPolicy {
	if c.skips(f.Path) {
		return &managedPolicy{isFaulty: true}
	}
	document, isOutput, err := awsexport.ReadPolicyVersion(f.Path, f.Text)
	if c.report(err) {
		return &managedPolicy{isFaulty: true}
	}
	return c.checkedPolicy("", document, isOutput)
}

// checkedPolicy returns the policy with an ARN, "" for that of a file. It compiles the
// policy as an identity policy, attached or not, so that faults are found. It does not
// compile those of AWS in the output of an account, which has the policies of hundreds of
// other services.
func (c *compiler) checkedPolicy(arn string, d awsexport.Document, isOutput bool) *managedPolicy {
	p := &managedPolicy{Document: d, isOutput: isOutput, isFaulty: d.Text == nil}
	if !p.isFaulty && !awsexport.IsAWSPolicy(arn) {
		_, err := c.policy(iam.IdentityPolicy, d)
		p.isFaulty = c.report(err)
	}
	return p
}

// compileFor compiles a policy for a use. It reports the faults of the document itself: the
// error only says that the policy cannot be used.
func (p *managedPolicy) compileFor(kind iam.Kind, c *compiler) (*iam.Policy, error) {
	if p.isFaulty {
		return nil, errFollows
	}
	policy, err := c.policy(kind, p.Document)
	if c.report(err) {
		return nil, errFollows
	}
	return policy, nil
}

// lookup returns the policy that an entity refers to: by the name of a file in managed/, by
// that policy's ARN in the entity's account, by the ARN of one in the output of that
// account, or by the ARN of one of AWS's policies. AWS's policies for ECR are built in;
// those for other services must be in the output of an account or in managed/.
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
		return nil, diag.Problemf("policy %q is in %s and in %s", reference, ofAccount.Source, file.Source).WithRemedy("remove one of the two")
	case ofAccount != nil:
		return ofAccount, nil
	case isAWS && m[policyName{"aws", nameOfAWS}] != nil:
		return m[policyName{"aws", nameOfAWS}], nil
	case file != nil:
		return file, nil
	}
	missing := managedPath(path.Base(name))
	return nil, missingPolicyError{diag.Problemf("policy %q does not exist", reference).WithRemedy("add " + missing + ", or use the ARN of one of AWS's policies for ECR"), missing}
}

// sessionPolicyFinder returns a function that returns the managed policy with a name, ACCOUNT:ARN, as
// session policy; nil if it does not exist. The policy is compiled when it is first used.
func (m managedPolicies) sessionPolicyFinder() func(name string) *iam.Policy {
	var mu sync.Mutex
	partitions := slices.Collect(iam.Partitions())
	compiled := map[*managedPolicy]*iam.Policy{}
	return func(name string) *iam.Policy {
		account, arn, _ := strings.Cut(name, ":")
		parsed, err := iam.ParseARN(arn)
		if err != nil || parsed.Region != "" || !slices.Contains(partitions, parsed.Partition) {
			return nil // a client chooses what else an ARN contains
		}
		owner := iam.ARN{Partition: parsed.Partition, Account: account}
		if !awsexport.IsAWSPolicy(arn) && !isOwnPolicy(arn, owner) {
			return nil
		}
		p, err := m.lookup(arn, owner)
		if err != nil || p.isFaulty {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if compiled[p] == nil {
			compiled[p], err = iam.Parse(p.Source, p.Start, p.Text).Compile(iam.SessionPolicy)
			if err != nil {
				return nil
			}
		}
		return compiled[p]
	}
}

// A missingPolicyError is the error about a reference to a policy that does not exist.
type missingPolicyError struct {
	diag.Diagnostic
	file string // that would be the policy
}

// Unwrap returns the diagnostic.
func (e missingPolicyError) Unwrap() error { return e.Diagnostic }

// isOwnPolicy reports whether a reference is the ARN of a policy in the entity's account.
func isOwnPolicy(reference string, entity iam.ARN) bool {
	if entity.Account == "" || !strings.HasPrefix(reference, "arn:") {
		return false
	}
	own := iam.ARN{Partition: entity.Partition, Service: "iam", Account: entity.Account, Resource: "policy/"}.String()
	return strings.HasPrefix(reference, own)
}

// acceptedFiles returns the files whose policies AWS has accepted.
func (from *sources) acceptedFiles() map[string]bool {
	files := maps.Clone(from.accepted)
	for _, policy := range from.managed {
		if policy.isOutput {
			files[policy.Source.File] = true
		}
	}
	for _, account := range from.accounts.list {
		files[account.File] = true
	}
	return files
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

// operators returns the operator's policies in each of the uses for which they were
// compiled and, as aws, those of AWS's policies in use that are in the output of an account.
func (m managedPolicies) operators(compiled compileCache) (all, aws []*iam.Policy) {
	for name, policy := range m {
		for _, kind := range []iam.Kind{iam.IdentityPolicy, iam.PermissionsBoundary, iam.SessionPolicy} {
			use := compiled.policy(kind, policy.Document)
			switch {
			case use == nil:
			case awsexport.IsAWSPolicy(name.name):
				aws = append(aws, use)
			case name.account != "aws":
				all = append(all, use)
			}
		}
	}
	return all, aws
}
