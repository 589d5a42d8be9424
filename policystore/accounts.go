package policystore

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
)

// accounts are the outputs of aws iam get-account-authorization-details.
type accounts struct {
	list       []*awsexport.Authorization // ordered by account; with a fault, the entries that could be read
	incomplete map[string]bool            // the accounts whose output has a fault, so that entries may be missing
}

// loadAccounts reads the outputs of aws iam get-account-authorization-details.
func (c *compiler) loadAccounts() accounts {
	all := accounts{incomplete: map[string]bool{}}
	for _, f := range c.others {
		account, found := parseAuthorizationPath(f.Path)
		if !found {
			continue
		}
		if c.skips(f.Path) {
			all.incomplete[account] = true
			continue
		}
		a, err := cachedFile(c, f, "authorization", func(text []byte) (*awsexport.Authorization, error) {
			return awsexport.ReadAuthorization(f.Path, account, text)
		})
		all.incomplete[account] = c.report(err)
		if a != nil {
			all.list = append(all.list, a)
		}
	}
	return all
}

// saveUnfiltered is the remedy for an output that lacks a group or policy that is attached.
const saveUnfiltered = "save the output of get-account-authorization-details again, without --filter"

// An accountReader compiles the users and roles of an account's output.
type accountReader struct {
	*awsexport.Authorization
	from     *sources
	groups   map[string][]*iam.Policy // by name
	complete bool                     // the output has no fault, so that nothing is missing from it
	inline   []*iam.Policy            // the policies in the output that are not managed ones
}

// compileAccount compiles the users and roles of an account's output, with the policies
// that are attached to them. inline has the policies in the output that are not managed
// ones, of groups too.
func (from *sources) compileAccount(a *awsexport.Authorization) (entities []declaration, inline []*iam.Policy) {
	r := &accountReader{Authorization: a, from: from, groups: map[string][]*iam.Policy{}, complete: !from.accounts.incomplete[a.Account]}
	for _, name := range slices.Sorted(maps.Keys(a.Groups)) {
		r.groups[name] = r.policies(a.Groups[name])
	}
	for _, e := range a.Entities {
		entities = append(entities, r.entity(e))
	}
	return entities, r.inline
}

func (r *accountReader) at(p diag.Point) diag.Position { return diag.File(r.File).At(p) }

// entity compiles a user or role with its own policies and those of its groups.
func (r *accountReader) entity(e *awsexport.Entity) declaration {
	d := declaration{Entity: sts.Entity{ARN: e.ARN.Text, ID: e.ID.Text, Tags: e.Tags}, parsed: e.ParsedARN, at: r.at(e.Start), arnAt: r.at(e.ARN.At)}
	if !config.IsEntityID(e.ID.Text) {
		r.from.report(diag.New(r.at(e.ID.At), fmt.Sprintf("%q is not the unique id of a user or role", e.ID.Text), "save the output as it is"))
		d.ID, d.missesID = "", true
	}
	d.Identity = r.policies(e)
	for _, group := range e.Groups {
		policies, known := r.groups[group.Text]
		if !known && r.complete {
			r.from.report(diag.New(r.at(group.At), fmt.Sprintf("group %q is not in GroupDetailList, so its policies are unknown", group.Text), saveUnfiltered))
		}
		d.Identity = append(d.Identity, policies...)
	}
	if e.Boundary.Text != "" {
		if boundary, err := r.find(iam.PermissionsBoundary, e.Boundary); !r.from.report(err) {
			d.Boundary = []*iam.Policy{boundary}
		}
	}
	if e.Trust != nil {
		d.Trust = r.compile(iam.TrustPolicy, *e.Trust)
		d.MissesTrust = d.Trust == nil
	}
	return d
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
	if !awsexport.IsAWSPolicy(arn.Text) && r.Policies[arn.Text] == nil {
		if !r.complete {
			return nil, errFollows
		}
		return nil, diag.New(r.at(arn.At), fmt.Sprintf("policy %q is attached but missing from Policies", arn.Text), saveUnfiltered)
	}
	policy, err := r.from.find(kind, arn.Text, iam.ARN{Partition: parsed.Partition, Account: r.Account})
	if missing := (missingPolicyError{}); errors.As(err, &missing) {
		return nil, diag.New(r.at(arn.At), missing.Problem, saveUnfiltered+", or add "+missing.file)
	}
	if fault := (diag.Diagnostic{}); errors.As(err, &fault) {
		return nil, diag.Wrap(r.at(arn.At), "", fault)
	}
	return policy, err
}
