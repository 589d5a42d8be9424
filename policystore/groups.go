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
	users    map[string]declaration // and roles, by ARN
	byName   map[string][]string    // the ARNs of users by their names
	complete bool                   // no user is missing because of a fault
	seen     []userGroup
}

// A userGroup identifies a group.
type userGroup struct{ name, account string } // account "": it has no members

// compileGroups returns the policies of the groups of principals.yaml by the ARNs of their
// members.
func (from *sources) compileGroups(configured *config.Principals, declared *declarations) map[string][]*iam.Policy {
	c := &groupCompiler{sources: from, users: map[string]declaration{}, byName: map[string][]string{}, complete: declared.complete}
	for _, d := range declared.list {
		if _, twice := c.users[d.ARN]; !twice && strings.Contains(d.ARN, ":user/") {
			name := iam.LastSegment(d.ARN)
			c.byName[name] = append(c.byName[name], d.ARN)
		}
		c.users[d.ARN] = d
	}
	ofMembers := map[string][]*iam.Policy{}
	for i := range configured.Groups {
		members, policies := c.group(&configured.Groups[i])
		for _, arn := range members {
			ofMembers[arn] = append(ofMembers[arn], policies...)
		}
	}
	return ofMembers
}

// group compiles the policies of a group, and returns them and its members. It reports the
// faults of the entry.
func (c *groupCompiler) group(entry *config.GroupEntry) (members []string, policies []*iam.Policy) {
	members = c.membersOf(entry)
	account := accountOfGroup(entry, members)
	c.reportAt(entry.Name.At, c.checkGroup(userGroup{entry.Name.Text, account.Account}))
	policies, _ = c.policies(iam.IdentityPolicy, entry.Policies, account)
	return members, policies
}

// membersOf returns the ARNs of a group's members, which are different users of one
// account. It reports other members.
func (c *groupCompiler) membersOf(entry *config.GroupEntry) (members []string) {
	account, seen := "", map[string]bool{}
	for _, member := range entry.Members {
		arn, err := c.userOf(member.Text)
		switch {
		case err != nil:
		case seen[arn]:
			err = groupFault("keep one", "%q is listed twice", member.Text)
		case account != "" && accountPrefix(arn) != account:
			err = groupFault("write a group for each account", "%q is in another account than the members before it", member.Text)
		}
		if errors.Is(err, errFollows) {
			c.report(err)
			continue
		}
		if c.report(diag.Wrap(config.InPrincipals(member.At), fmt.Sprintf("group %q: ", entry.Name.Text), err)) {
			continue
		}
		account, seen[arn] = accountPrefix(arn), true
		members = append(members, arn)
	}
	return members
}

// groupFault returns a fault without a position.
func groupFault(remedy, format string, args ...any) error {
	return diag.New(diag.Position{}, fmt.Sprintf(format, args...), remedy)
}

// userOf returns the ARN of the user that a member of a group refers to: by its ARN, or by
// its name if only one user has it.
func (c *groupCompiler) userOf(member string) (arn string, err error) {
	arns := c.byName[member]
	if strings.HasPrefix(member, "arn:") {
		_, found := c.users[member]
		switch isUser := strings.Contains(member, ":user/"); {
		case !found && !isUser:
			return "", groupFault("write users only", "%q is not the ARN of a user", member)
		case found && !isUser:
			return "", groupFault("attach the policies to the role", "%q is a role, and members of groups are users", member)
		case found:
			return member, nil
		}
	}
	switch {
	case len(arns) == 1:
		return arns[0], nil
	case len(arns) > 1:
		return "", groupFault("write its ARN", "several accounts have a user %q", member)
	case !c.complete:
		return "", errFollows
	}
	return "", groupFault("add it there, or remove it here", "user %q is not one of the principals", member)
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
// those of a policy that it refers to by ARN.
func accountOfGroup(entry *config.GroupEntry, members []string) iam.ARN {
	for _, text := range slices.Concat(members, texts(entry.Policies)) {
		if arn, err := iam.ParseARN(text); err == nil && iam.IsAccount(arn.Account) {
			return arn
		}
	}
	return iam.ARN{}
}

// accountPrefix returns the ARN of a user up to its account.
func accountPrefix(arn string) string { return arn[:strings.Index(arn, ":user/")] }
