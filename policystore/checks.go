package policystore

import (
	"fmt"
	"strings"
	"sync"

	"extauthz/diag"
	"extauthz/iam"
)

// checkPolicies checks all policies against the principals and, if it is known which
// repositories exist and which tags they have, against those tags.
func (c *compiler) checkPolicies(policies []*iam.Policy, all registries, areKnown bool, of *repositories, who *principals) {
	c.report(who.checkUserIDs(policies))
	c.report(who.checkNamedIDs(policies))
	if areKnown {
		c.report(all.checkTagged(of, policies))
	}
}

// userIDKey is the condition key that contains unique ids.
const userIDKey = "aws:userid"

// checkUserIDs returns an error about each policy that uses aws:userid in a statement that
// could apply to a registry request, if the id of some principal is unknown. AWS always
// has that key, so that without it a Deny would be lost.
func (p *principals) checkUserIDs(policies []*iam.Policy) error {
	unknown := p.withoutID()
	if unknown == "" {
		return nil
	}
	var faults diag.Faults
	for _, policy := range policies {
		if policy.UsesKey(userIDKey) {
			faults.Add(diag.New(policy.Source.At(diag.Point{}), fmt.Sprintf("uses %s, but principal %q has no id", userIDKey, unknown),
				"give every principal in principals.yaml its id, such as AIDACKCEVSQ6C2EXAMPLE"))
		}
	}
	return faults.Err()
}

// withoutID returns the first ARN of a user or role whose id is not known, except because of a
// fault; "" if there is none.
func (p *principals) withoutID() (first string) {
	for arn := range p.positions {
		if (first == "" || arn < first) && p.entities.Find(arn).ID == "" && !p.missesID[arn] {
			first = arn
		}
	}
	return first
}

// checkNamedIDs returns an error about each policy that names a user or role of the
// directory by its unique id, as AWS prints one that was deleted and created again: it
// would not match any principal, and a Deny would be lost.
func (p *principals) checkNamedIDs(policies []*iam.Policy) error {
	var faults diag.Faults
	for _, policy := range policies {
		for _, named := range policy.UniqueIDs() {
			if entity := p.entities.FindByID(named.Text); entity != nil {
				faults.Add(diag.New(policy.Source.At(named.At), fmt.Sprintf("%q is the unique id of %s, which matches no principal here", named.Text, entity.ARN), "write its ARN"))
			}
		}
	}
	return faults.Err()
}

// checkTagged returns an error about each policy that allows more for a repository without
// tags than for one with tags, such as a Deny by tag, if the tags of some repository are
// unknown. On AWS they are always known. Without them a Deny would be lost.
func (all registries) checkTagged(of *repositories, policies []*iam.Policy) error {
	var faults diag.Faults
	missing := sync.OnceValue(func() string { return all.untagged(of) })
	for _, policy := range policies {
		if use, found := policy.NeededTag(); found && missing() != "" {
			faults.Add(diag.New(policy.Source.At(use.At), fmt.Sprintf("requires the tags of every repository (%s), but %s does not exist", use.Text, missing()),
				"save the tags of each repository in its _tags.json, {} if it has none"))
		}
	}
	return faults.Err()
}

// untagged returns the missing file for the tags of the first repository that an inventory
// lists or that has a policy, and whose tags are unknown; "" if the tags of all are known.
func (all registries) untagged(of *repositories) (file string) {
	first := "" // by ARN
	for _, r := range all {
		check := func(repository, arn string) {
			if of.tags.Get(arn) == nil && (first == "" || arn < first) {
				first, file = arn, r.at(repository).path(tagsFile)
			}
		}
		for repository := range r.listed {
			check(repository, r.RepositoryARN(repository))
		}
		for arn := range of.policies.All() {
			if repository, found := strings.CutPrefix(arn, r.RepositoryARN("")); found {
				check(repository, arn)
			}
		}
	}
	return file
}
