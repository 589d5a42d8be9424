package awsexport

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
)

// An Authorization is the output of aws iam get-account-authorization-details for one
// account (IAM API Reference, GetAccountAuthorizationDetails).
type Authorization struct {
	File, Account string
	Entities      []*Entity // users and roles
	Groups        map[string]*Entity
	Policies      map[string]*ManagedPolicy // by ARN

	isMisplaced bool // an ARN of another account was reported
}

// An Entity is a user, a group or a role.
type Entity struct {
	Start           diag.Point // of the entry
	ARN, Name, Path String
	ParsedARN       iam.ARN
	ID              String
	Tags            []sts.Tag
	Groups          []String // names
	Inline          []Document
	Managed         []String  // ARNs
	Boundary        String    // an ARN; "" for none
	Trust           *Document // of a role that has one
}

// ReadAuthorization reads the output for an account. All four lists must exist, as they
// do even if the command was run with a filter. With an error it returns what could be
// read.
func ReadAuthorization(file, account string, text []byte) (*Authorization, error) {
	a := &Authorization{File: file, Account: account, Groups: map[string]*Entity{}, Policies: map[string]*ManagedPolicy{}}
	r, err := newReader(file, text)
	if err != nil {
		return a, err
	}
	lists := []struct {
		name string
		read func() error
	}{
		{"UserDetailList", func() error { return a.readEntity(r, "User") }},
		{"GroupDetailList", func() error { return a.readEntity(r, "Group") }},
		{"RoleDetailList", func() error { return a.readEntity(r, "Role") }},
		{"Policies", func() error { return a.readPolicy(r) }},
	}
	var faults diag.Faults
	var members []member
	found := map[string]bool{}
	for _, l := range lists {
		members = append(members, value(l.name, func() error {
			found[l.name] = true
			if !r.AtArray() {
				return r.ErrorAt(r.Start(), l.name+" must be a list", "write [] if it has no entries, or save the output again")
			}
			faults.Add(r.list(l.name, l.read))
			return nil
		}))
	}
	start := r.Point(r.Start())
	if faults.Add(r.object("the output", members...)) {
		return a, faults.Err()
	}
	for _, l := range lists {
		if !found[l.name] {
			return a, r.fault(start, l.name+" is missing", "save the output of aws iam get-account-authorization-details as it is")
		}
	}
	return a, faults.Err()
}

// readEntity reads the next entry of a list of that kind: User, Group or Role.
func (a *Authorization) readEntity(r *reader, kind string) error {
	e := &Entity{Start: r.Point(r.Start())}
	check := func(name string, at int) error { return checkEntityMember(r, kind, name, at) }
	if err := r.checkedObject("an entry of "+kind+"DetailList", check, e.members(r, kind)...); err != nil {
		return err
	}
	var err error
	if e.ParsedARN, err = a.checkARN(r, e.ARN, a.Account, strings.ToLower(kind)+e.Path.Text+e.Name.Text); err != nil {
		return err
	}
	switch {
	case kind != "Group":
		a.Entities = append(a.Entities, e)
	case a.Groups[e.Name.Text] != nil:
		return r.fault(e.Name.At, fmt.Sprintf("group %q occurs twice", e.Name.Text), "save the output again")
	default:
		a.Groups[e.Name.Text] = e
	}
	return nil
}

// members returns the members of an entry of that kind.
func (e *Entity) members(r *reader, kind string) []member {
	members := []member{
		text(kind+"Name", &e.Name), text("Arn", &e.ARN), text("Path", &e.Path), text(kind+"Id", &e.ID),
		required("AttachedManagedPolicies", func() error { return e.readAttached(r) }),
		value(kind+"PolicyList", func() error { return r.list(kind+"PolicyList", func() error { return e.readInline(r) }) }),
	}
	if kind == "User" {
		members = append(members, required("GroupList", func() error { return r.list("GroupList", func() error { return e.readGroup(r) }) }))
	}
	if kind == "Group" {
		return members
	}
	return append(members,
		value("Tags", func() (err error) {
			e.Tags, err = readTagList(r, "Tags")
			return err
		}),
		value("PermissionsBoundary", func() error {
			return r.object("PermissionsBoundary", text("PermissionsBoundaryArn", &e.Boundary), label("PolicyName", new(String)))
		}),
		value("AssumeRolePolicyDocument", func() error {
			trust, err := readDocument(r, "AssumeRolePolicyDocument")
			e.Trust = &trust
			return err
		}))
}

// entityMembers are the members that affect access, with the kinds of entries that have them
// (IAM API Reference, UserDetail, GroupDetail and RoleDetail).
var entityMembers = map[string][]string{
	"Tags": {"User", "Role"}, "GroupList": {"User"}, "AttachedManagedPolicies": {"User", "Group", "Role"},
	"UserPolicyList": {"User"}, "GroupPolicyList": {"Group"}, "RolePolicyList": {"Role"},
	"PermissionsBoundary": {"User", "Role"}, "AssumeRolePolicyDocument": {"Role"},
	"Groups": nil, "PolicyList": nil, "Policies": nil, "AttachedPolicies": nil, // of other outputs
}

// checkEntityMember returns an error about a member whose name differs only in case from
// that of one that decides, or that belongs to another kind of entry. Skipping it, as a
// member that AWS added, could lose a Deny.
func checkEntityMember(r *reader, kind, name string, at int) error {
	for known, kinds := range entityMembers {
		switch {
		case !strings.EqualFold(name, known):
		case !slices.Contains(kinds, kind):
			return r.ErrorAt(at, fmt.Sprintf("%q is not a member of an entry of %sDetailList", name, kind), saveAgain)
		case name != known:
			return r.ErrorAt(at, fmt.Sprintf("%q is spelled %s by AWS", name, known), saveAgain)
		}
	}
	if entityMembers[name] == nil && mayDecide(strings.TrimPrefix(name, kind)) {
		return r.ErrorAt(at, fmt.Sprintf("%q is not known here and may contain a Deny or a limit", name), "fix its name, or use a version of extauthz that supports it")
	}
	return nil
}

// mayDecide reports whether an unknown member has a name that suggests that it affects access, or
// that is not spelled as AWS spells names.
func mayDecide(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "polic") || strings.Contains(name, "boundar") || strings.Contains(name, "group") ||
		strings.ContainsFunc(name, func(r rune) bool { return r > '~' })
}

func (e *Entity) readGroup(r *reader) (err error) {
	name := String{At: r.Point(r.Start())}
	name.Text, _, err = r.String("the name of a group")
	e.Groups = append(e.Groups, name)
	return err
}

// readInline reads the next inline policy.
func (e *Entity) readInline(r *reader) error {
	return r.object("an inline policy", label("PolicyName", new(String)), required("PolicyDocument", func() error {
		document, err := readDocument(r, "PolicyDocument")
		e.Inline = append(e.Inline, document)
		return err
	}))
}

// readAttached reads the list of attached managed policies. AWS's examples also have a
// single one without a list.
func (e *Entity) readAttached(r *reader) error {
	one := func() error {
		var arn String
		err := r.object("an attached policy", text("PolicyArn", &arn), label("PolicyName", new(String)))
		e.Managed = append(e.Managed, arn)
		return err
	}
	if !r.AtArray() {
		return one()
	}
	return r.list("AttachedManagedPolicies", one)
}

// checkARN parses an ARN. It returns an error unless the ARN is that of a resource of IAM in an account. It
// reports only one ARN of another account: the others have the same cause.
func (a *Authorization) checkARN(r *reader, arn String, account, resource string) (iam.ARN, error) {
	parsed, err := iam.ParseARN(arn.Text)
	if err != nil {
		return parsed, diag.Wrap(diag.File(r.file).At(arn.At), "", err)
	}
	want := iam.ARN{Partition: parsed.Partition, Service: "iam", Account: account, Resource: resource}.String()
	switch {
	case parsed.Account != account && a.isMisplaced:
		return parsed, nil
	case parsed.Account != account:
		a.isMisplaced = true
		return parsed, r.fault(arn.At, fmt.Sprintf("Arn %q does not belong to account %q, the account of the folder", arn.Text, account), "move the file")
	case arn.Text != want:
		return parsed, r.fault(arn.At, fmt.Sprintf("Arn %q does not match path and name, which make it %q", arn.Text, want), saveAgain)
	}
	return parsed, nil
}
