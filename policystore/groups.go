package policystore

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/config"
)

// A userGroup is a group that has been added.
type userGroup struct{ name, account string } // account "": it has no members

// addGroup adds the policies of a group to its members, and reports the faults of the entry.
// All users must have been added.
func (p *principals) addGroup(entry *config.GroupEntry, from *sources) {
	members, ok := p.membersOf(entry, from)
	account := accountOfGroup(entry, members)
	twice := from.reportAt(entry.Name.At, p.checkGroup(userGroup{entry.Name.Text, account.Account}, from))
	if !ok {
		return // the account is that of the members
	}
	policies, ok := from.policies(iam.IdentityPolicy, entry.Policies, account)
	if !ok || twice {
		return
	}
	for _, arn := range members {
		p.identity[arn] = p.entities.Attach(arn, policies)
	}
}

// membersOf returns the ARNs of a group's members, which are different users of one
// account. It reports other members, and returns false if there are any.
func (p *principals) membersOf(entry *config.GroupEntry, from *sources) (members []string, ok bool) {
	account, seen := "", map[string]bool{}
	ok = true
	for _, member := range entry.Members {
		arn, err := p.userOf(member.Text)
		switch {
		case err != nil:
		case seen[arn]:
			err = groupFault("keep one", "%q is listed twice", member.Text)
		case account != "" && accountPrefix(arn) != account:
			err = groupFault("write a group for each account", "%q is in another account than the members before it", member.Text)
		}
		if err != nil {
			from.report(diag.Wrap(config.InPrincipals(member.At), fmt.Sprintf("group %q: ", entry.Name.Text), err))
			ok = false
			continue
		}
		account, seen[arn] = accountPrefix(arn), true
		members = append(members, arn)
	}
	return members, ok
}

// groupFault returns a fault without a position.
func groupFault(remedy, format string, args ...any) error {
	return diag.New(diag.Position{}, fmt.Sprintf(format, args...), remedy)
}

// userOf returns the ARN of the user that a member of a group refers to: by its ARN, or by
// its name if only one user has it.
func (p *principals) userOf(member string) (arn string, err error) {
	const missing, addIt = "user %q is not one of the principals", "add it there, or remove it here"
	if strings.HasPrefix(member, "arn:") {
		switch entity := p.entities.Find(member); {
		case entity == nil && !strings.Contains(member, ":user/"):
			return "", groupFault("write users only", "%q is not the ARN of a user", member)
		case entity == nil:
			return "", groupFault(addIt, missing, member)
		case entity.IsRole():
			return "", groupFault("attach the policies to the role", "%q is a role, and members of groups are users", member)
		}
		return member, nil
	}
	switch arns := p.usersNamed(member); len(arns) {
	case 0:
		return "", groupFault(addIt, missing, member)
	case 1:
		return arns[0], nil
	}
	return "", groupFault("write its ARN", "several accounts have a user %q", member)
}

// usersNamed returns the ARNs of the users with a name, at most one in each account.
func (p *principals) usersNamed(name string) []string {
	if p.userNames == nil {
		p.userNames = map[string][]string{}
		for arn := range p.positions {
			if strings.Contains(arn, ":user/") {
				last := iam.LastSegment(arn)
				p.userNames[last] = append(p.userNames[last], arn)
			}
		}
	}
	return p.userNames[name]
}

// checkGroup returns an error if another group has the name, which is unique in an account
// without regard to case (IAM User Guide, "IAM and AWS STS quotas").
func (p *principals) checkGroup(g userGroup, from *sources) error {
	same := func(name, account string) bool {
		return strings.EqualFold(name, g.name) && (account == g.account || account == "" || g.account == "")
	}
	for _, other := range p.groups {
		if same(other.name, other.account) {
			return groupFault("keep one, or rename one: names that differ only in case are the same", "group %q is listed twice", g.name)
		}
	}
	for _, a := range from.accounts {
		for name := range a.Groups {
			if same(name, a.Account) {
				return groupFault("keep one of the two", "group %q is in %s too", g.name, a.File)
			}
		}
	}
	p.groups = append(p.groups, g)
	return nil
}

// accountOfGroup returns partition and account of a group: those of its members, or else
// those of a policy that it refers to by ARN.
func accountOfGroup(entry *config.GroupEntry, members []string) iam.ARN {
	for _, text := range slices.Concat(members, texts(entry.Policies)) {
		if arn, err := iam.ParseARN(text); err == nil && isAccount(arn.Account) {
			return arn
		}
	}
	return iam.ARN{}
}

// accountPrefix returns the ARN of a user up to its account.
func accountPrefix(arn string) string { return arn[:strings.Index(arn, ":user/")] }
