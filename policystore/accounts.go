package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
)

// loadAccounts reads the outputs of aws iam get-account-authorization-details, ordered by
// account. An output with faults has the entries that could be read.
func (c *compiler) loadAccounts() (all []*awsexport.Authorization) {
	for _, path := range c.Paths {
		if !isAuthorization(path) || c.unusable[path] {
			continue
		}
		account, _, _ := cutAccount(path)
		a, err := cachedFile(c, path, "authorization", func(text []byte) (*awsexport.Authorization, error) {
			return awsexport.ReadAuthorization(path, account, text)
		})
		c.report(err)
		if a != nil {
			all = append(all, a)
		}
	}
	return all
}

// saveUnfiltered is the remedy for an output that lacks a group or policy that is attached.
const saveUnfiltered = "save the output of get-account-authorization-details again, without --filter"

// An accountReader adds the users and roles of an account's output to principals.
type accountReader struct {
	*awsexport.Authorization
	*principals
	from     *sources
	groups   map[string][]*iam.Policy // by name
	complete bool                     // the output has no fault, so that nothing is missing from it
}

// addAccount adds the users and roles of an account's output, with the policies that are
// attached to them.
func (p *principals) addAccount(a *awsexport.Authorization, from *sources) {
	r := &accountReader{a, p, from, map[string][]*iam.Policy{}, !from.isFaulty[a.File]}
	for _, name := range slices.Sorted(maps.Keys(a.Groups)) {
		r.groups[name] = r.policies(a.Groups[name])
	}
	for _, e := range a.Entities {
		if err := p.add(r.entity(e), r.at(e.Start)); err != nil {
			from.report(diag.Wrap(r.at(e.ARN.At), "", err))
		}
	}
}

func (r *accountReader) at(p diag.Point) diag.Position { return diag.File(r.File).At(p) }

// entity returns a user or role with its own policies and those of its groups.
func (r *accountReader) entity(e *awsexport.Entity) sts.Entity {
	entity := sts.Entity{ARN: e.ARN.Text, ID: e.ID.Text, Tags: e.Tags}
	if !config.IsUniqueID(e.ID.Text) {
		r.from.report(diag.New(r.at(e.ID.At), fmt.Sprintf("%q is not the unique id of a user or role", e.ID.Text), "save the output as it is"))
		entity.ID = ""
	}
	entity.Identity = r.policies(e)
	for _, group := range e.Groups {
		policies, known := r.groups[group.Text]
		if !known && r.complete {
			r.from.report(diag.New(r.at(group.At), fmt.Sprintf("group %q is not in GroupDetailList, so its policies are unknown", group.Text), saveUnfiltered))
		}
		entity.Identity = append(entity.Identity, policies...)
	}
	if e.Boundary.Text != "" {
		if boundary, err := r.find(iam.PermissionsBoundary, e.Boundary); !r.from.report(err) {
			entity.Boundary = []*iam.Policy{boundary}
		}
	}
	if e.Trust != nil {
		entity.Trust = r.compile(iam.TrustPolicy, *e.Trust)
		r.from.faultyTrust[entity.ARN] = entity.Trust == nil
	}
	return entity
}

// policies returns the inline and managed policies of an entry.
func (r *accountReader) policies(e *awsexport.Entity) (policies []*iam.Policy) {
	for _, document := range e.Inline {
		if policy := r.compile(iam.IdentityPolicy, document); policy != nil {
			policies = append(policies, policy)
		}
	}
	for _, arn := range e.Managed {
		if policy, err := r.find(iam.IdentityPolicy, arn); !r.from.report(err) {
			policies = append(policies, policy)
		}
	}
	return policies
}

// compile compiles a policy in the output, nil if it has a fault.
func (r *accountReader) compile(kind iam.Kind, d awsexport.Document) *iam.Policy {
	policy, err := r.from.policy(kind, d)
	if r.from.report(err) {
		return nil
	}
	r.inline = append(r.inline, policy)
	return policy
}

// find returns a managed policy that an entry refers to. Unless it is one of AWS's, it
// must be in the same output, which has all policies that are attached: a file in
// managed/ of its name may have another text.
func (r *accountReader) find(kind iam.Kind, arn awsexport.String) (*iam.Policy, error) {
	parsed, err := iam.ParseARN(arn.Text)
	if err != nil {
		return nil, diag.Wrap(r.at(arn.At), "", err)
	}
	isOwn := !awsexport.IsAWSPolicy(arn.Text)
	if isOwn && r.Policies[arn.Text] == nil {
		if !r.complete {
			return nil, errFollows
		}
		return nil, diag.New(r.at(arn.At), fmt.Sprintf("policy %q is attached but missing from Policies", arn.Text), saveUnfiltered)
	}
	policy, err := r.from.managed.lookup(arn.Text, iam.ARN{Partition: parsed.Partition, Account: r.Account})
	switch {
	case err != nil && !isOwn && !r.complete:
		return nil, errFollows
	case err != nil:
		return nil, diag.New(r.at(arn.At), err.Error(), saveUnfiltered)
	}
	return policy.compiled(kind)
}
