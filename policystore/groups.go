package policystore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/config"
)

// A groupCompiler compiles the groups of principals.yaml.
type groupCompiler struct {
	*sources
	declared map[string]iam.ARN   // users and roles, by ARN
	byName   map[string][]iam.ARN // the ARNs of users by their names
	misses   missing
	seen     []userGroup
}

// A userGroup identifies a group.
type userGroup struct{ name, account string } // account "": it has no members

// compileGroups returns the policies of the groups of principals.yaml by the ARNs of their
// members.
func (from *sources) compileGroups(configured *config.Principals, declared *declarations) map[string][]*iam.Policy {
	if len(configured.Groups) == 0 {
		return nil // most directories have none
	}
	c := &groupCompiler{sources: from, declared: map[string]iam.ARN{}, byName: map[string][]iam.ARN{}, misses: declared.misses}
	for i := range declared.list {
		d := &declared.list[i]
		if _, twice := c.declared[d.ARN]; !twice && isUser(d.parsed) {
			name := iam.LastSegment(d.ARN)
			c.byName[name] = append(c.byName[name], d.parsed)
		}
		c.declared[d.ARN] = d.parsed
	}
	ofMembers := map[string][]*iam.Policy{}
	for i := range configured.Groups {
		members, policies := c.group(&configured.Groups[i])
		for _, member := range members {
			arn := member.String()
			ofMembers[arn] = append(ofMembers[arn], policies...)
		}
	}
	return ofMembers
}

// isUser reports whether an ARN is that of a user.
func isUser(arn iam.ARN) bool { return strings.HasPrefix(arn.Resource, "user/") }

// group compiles the policies of a group, and returns them and its members. It reports the
// faults of the entry.
func (c *groupCompiler) group(entry *config.GroupEntry) (members []iam.ARN, policies []*iam.Policy) {
	members = c.membersOf(entry)
	account := accountOfGroup(entry, members)
	if !entry.HasFaultyName {
		c.reportAt(entry.Name.At, c.checkGroup(userGroup{entry.Name.Text, account.Account}))
	}
	policies, _ = c.policies(iam.IdentityPolicy, entry.Policies, account)
	return members, policies
}

// membersOf returns the ARNs of a group's members, which are different users of one
// account. It reports other members.
func (c *groupCompiler) membersOf(entry *config.GroupEntry) (members []iam.ARN) {
	for _, member := range entry.Members {
		arn, err := c.userOf(member.Text)
		switch {
		case err != nil:
		case slices.Contains(members, arn):
			err = groupFault("keep one", "%q is listed twice", member.Text)
		case len(members) > 0 && !sameAccount(arn, members[0]):
			err = groupFault("write a group for each account", "%q is in another account than the members before it", member.Text)
		}
		if errors.Is(err, errFollows) {
			c.report(err)
			continue
		}
		if c.report(diag.Wrap(config.InPrincipals(member.At), fmt.Sprintf("group %q: ", entry.Name.Text), err)) {
			continue
		}
		members = append(members, arn)
	}
	return members
}

// sameAccount reports whether two ARNs are of one account.
func sameAccount(a, b iam.ARN) bool { return a.Partition == b.Partition && a.Account == b.Account }

// groupFault returns a fault without a position.
func groupFault(remedy, format string, args ...any) error {
	return diag.New(diag.Position{}, fmt.Sprintf(format, args...), remedy)
}

// userOf returns the ARN of the user that a member of a group refers to: by its ARN, or by
// its name if only one user has it.
func (c *groupCompiler) userOf(member string) (arn iam.ARN, err error) {
	arns := c.byName[member]
	if strings.HasPrefix(member, "arn:") {
		found, exists := c.declared[member]
		switch {
		case !exists && !strings.Contains(member, ":user/"):
			return iam.ARN{}, groupFault("write users only", "%q is not the ARN of a user", member)
		case exists && !isUser(found):
			return iam.ARN{}, groupFault("attach the policies to the role", "%q is a role, and members of groups are users", member)
		case exists:
			return found, nil
		}
	}
	switch {
	case len(arns) == 1:
		return arns[0], nil
	case len(arns) > 1:
		return iam.ARN{}, groupFault("write its ARN", "several accounts have a user %q", member)
	case c.misses.has(member) || c.misses.hasUser(member):
		return iam.ARN{}, errFollows
	}
	return iam.ARN{}, groupFault("add it there, or remove it here", "user %q is not one of the principals", member)
}

// checkGroup returns an error if another group has the name, which is unique in an account
// without regard to case (IAM User Guide, "IAM and AWS STS quotas").
func (c *groupCompiler) checkGroup(g userGroup) error {
	same := func(name, account string) bool {
		return strings.EqualFold(name, g.name) && (account == g.account || account == "" || g.account == "")
	}
	for _, other := range c.seen {
		if same(other.name, other.account) {
			return groupFault("keep one, or rename one: names that differ only in case are the same", "group %q is listed twice", g.name)
		}
	}
	for _, a := range c.accounts.list {
		for name := range a.Groups {
			if same(name, a.Account) {
				return groupFault("keep one of the two", "group %q is in %s too", g.name, a.File)
			}
		}
	}
	c.seen = append(c.seen, g)
	return nil
}

// accountOfGroup returns partition and account of a group: those of its members, or else
// those of a policy that it refers to by ARN. References by name are no ARNs.
func accountOfGroup(entry *config.GroupEntry, members []iam.ARN) iam.ARN {
	if len(members) > 0 {
		return members[0]
	}
	for _, reference := range entry.Policies {
		if arn, err := iam.ParseARN(reference.Text); err == nil && iam.IsAccount(arn.Account) {
			return arn
		}
	}
	return iam.ARN{}
}
