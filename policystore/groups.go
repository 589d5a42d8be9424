package policystore

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
)

// groupEntry is a group of users in principals.yaml. Its policies are identity
// policies of each member (IAM User Guide, "IAM user groups").
type groupEntry struct {
	Name     string   `yaml:"name"`
	Policies []string `yaml:"policies"`
	Members  []string `yaml:"members"` // ARNs of users, or their names
}

// groupName is the form of a group's name (IAM User Guide, "IAM and AWS STS quotas").
var groupName = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,128}$`)

// A userGroup is a group that has been added.
type userGroup struct{ name, account string } // account "": it has no members

// attachGroup adds the policies of a group to its members, or returns what is wrong
// with the entry and where in it. All users must have been added.
func (p *principals) attachGroup(entry *groupEntry, from *sources) (place []any, err error) {
	if !groupName.MatchString(entry.Name) {
		return []any{"name"}, fmt.Errorf("group %q: use 1 to 128 letters, digits and +=,.@_- for its name", entry.Name)
	}
	members, place, err := p.membersOf(entry)
	if err != nil {
		return place, err
	}
	account := accountOfGroup(entry, members)
	if err := p.addGroup(userGroup{entry.Name, account.Account}, from); err != nil {
		return []any{"name"}, err
	}
	policies, wrong, err := from.managed.findAll(iam.IdentityPolicy, entry.Policies, account)
	if err != nil {
		return []any{"policies", wrong}, err
	}
	for _, arn := range members {
		p.identity[arn] = p.entities.Attach(arn, policies)
	}
	return nil, nil
}

// membersOf returns the ARNs of a group's members, which are different users of one
// account.
func (p *principals) membersOf(entry *groupEntry) (members []string, place []any, err error) {
	account, seen := "", map[string]bool{}
	for i, member := range entry.Members {
		arn, err := p.userOf(member)
		switch {
		case err != nil:
		case seen[arn]:
			err = fmt.Errorf("%q is there twice; keep one", member)
		case account != "" && accountPrefix(arn) != account:
			err = fmt.Errorf("%q is of another account than the members before it; a group is of one account: write a group for each", member)
		}
		if err != nil {
			return nil, []any{"members", i}, fmt.Errorf("group %q: %w", entry.Name, err)
		}
		account, seen[arn] = accountPrefix(arn), true
		members = append(members, arn)
	}
	return members, nil, nil
}

// userOf returns the ARN of the user that a member of a group is: its ARN, or its name
// if one user has it.
func (p *principals) userOf(member string) (arn string, err error) {
	if strings.HasPrefix(member, "arn:") {
		switch entity := p.entities.Find(member); {
		case entity == nil && !strings.Contains(member, ":user/"):
			return "", fmt.Errorf("%q is not the ARN of a user; only users are members of groups", member)
		case entity == nil:
			return "", fmt.Errorf("user %q is not among the principals; add it there, or remove it here", member)
		case entity.IsRole():
			return "", fmt.Errorf("%q is a role; only users are members of groups, so attach the policies to the role", member)
		}
		return member, nil
	}
	switch arns := p.usersNamed(member); len(arns) {
	case 0:
		return "", fmt.Errorf("user %q is not among the principals; add it there, or remove it here", member)
	case 1:
		return arns[0], nil
	}
	return "", fmt.Errorf("several accounts have a user %q; write its ARN", member)
}

// usersNamed returns the ARNs of the users of that name, one in each account.
func (p *principals) usersNamed(name string) []string {
	if p.userNames == nil {
		p.userNames = map[string][]string{}
		for arn := range p.written.places {
			if strings.Contains(arn, ":user/") {
				last := arn[strings.LastIndexByte(arn, '/')+1:]
				p.userNames[last] = append(p.userNames[last], arn)
			}
		}
	}
	return p.userNames[name]
}

// addGroup refuses a second group of that name: the names of an account's groups are
// unique whatever their case (IAM User Guide, "IAM and AWS STS quotas").
func (p *principals) addGroup(g userGroup, from *sources) error {
	same := func(name, account string) bool {
		return strings.EqualFold(name, g.name) && (account == g.account || account == "" || g.account == "")
	}
	for _, other := range p.groups {
		if same(other.name, other.account) {
			return fmt.Errorf("group %q is there twice; keep one, or give the other its own name: case does not tell names apart", g.name)
		}
	}
	for _, a := range from.accounts {
		for name := range a.Groups {
			if same(name, a.Account) {
				return fmt.Errorf("group %q is in %s as well; keep one of the two", g.name, a.File)
			}
		}
	}
	p.groups = append(p.groups, g)
	return nil
}

// accountOfGroup returns partition and account of a group: those of its members, else
// those of a policy that it names by ARN.
func accountOfGroup(entry *groupEntry, members []string) iam.ARN {
	for _, text := range slices.Concat(members, entry.Policies) {
		if arn, err := iam.ParseARN(text); err == nil && isAccount(arn.Account) {
			return arn
		}
	}
	return iam.ARN{}
}

// accountPrefix is the ARN of a user up to its account.
func accountPrefix(arn string) string { return arn[:strings.Index(arn, ":user/")] }

// warnOfGroup reports a group without members or without policies.
func (e *entries) warnOfGroup(y *yamlFile, i int) {
	g := &e.Groups[i]
	var without string
	switch {
	case len(g.Members) == 0:
		without = "has no members, so that its policies apply to no user"
	case len(g.Policies) == 0:
		without = "has no policies, so that it changes nothing for its members"
	default:
		return
	}
	e.findings = append(e.findings, y.findingAt("unattached-group", fmt.Sprintf("group %q %s", g.Name, without), "", "groups", i))
}
