package policystore

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity/sts"
	"extauthz/strictjson"
)

// An entityDetail is a user, a group or a role.
type entityDetail struct {
	start           int        // of the entry, in bytes
	place           diag.Point // of the entry
	arn, name, path field
	id              field
	tags            []sts.Tag
	groups          []field // names
	inline          []document
	managed         []field // ARNs
	boundary        field   // an ARN; "" for none
	trust           document
	found           map[string]bool // the names of its members
}

// readEntity reads the next entry of a list of that kind: User, Group or Role.
func (r authorizationReader) readEntity(kind string) error {
	d := &entityDetail{start: r.Start(), found: map[string]bool{}}
	d.place = r.Point(d.start)
	err := readOutput(r.Reader, "an entry of "+kind+"DetailList", func(name string, at int) error {
		if err := r.checkMember(kind, name, at); err != nil {
			return err
		}
		d.found[name] = true
		return d.readMember(r, kind, name)
	})
	if err == nil {
		err = r.checkName(d, kind)
	}
	switch {
	case err != nil:
		return err
	case kind != "Group":
		r.entities = append(r.entities, d)
	case r.groups[d.name.text] != nil:
		return r.ErrorAt(d.name.at, fmt.Sprintf("group %q is there twice", d.name.text), "save the output again")
	default:
		r.groups[d.name.text] = d
	}
	return nil
}

// deciding are the members that decide, by the kinds of entries that have them (IAM
// API Reference, UserDetail, GroupDetail and RoleDetail).
var deciding = map[string][]string{
	"Tags": {"User", "Role"}, "GroupList": {"User"}, "AttachedManagedPolicies": {"User", "Group", "Role"},
	"UserPolicyList": {"User"}, "GroupPolicyList": {"Group"}, "RolePolicyList": {"Role"},
	"PermissionsBoundary": {"User", "Role"}, "AssumeRolePolicyDocument": {"Role"},
	"Groups": nil, "PolicyList": nil, "Policies": nil, "AttachedPolicies": nil, // of other outputs
}

// checkMember refuses a member whose name is that of one that decides but for its
// case, or that entries of another kind have: passing it over, as a member that AWS
// has added, could lose a Deny.
func (r authorizationReader) checkMember(kind, name string, at int) error {
	for known, kinds := range deciding {
		switch {
		case !strings.EqualFold(name, known):
		case !slices.Contains(kinds, kind):
			return r.ErrorAt(at, fmt.Sprintf("%q is no member of an entry of %sDetailList", name, kind), "save the output as it is")
		case name != known:
			return r.ErrorAt(at, fmt.Sprintf("%q is spelt %s by AWS", name, known), "save the output as it is")
		}
	}
	if deciding[name] == nil && speaksOfPolicies(strings.TrimPrefix(name, kind)) {
		return r.ErrorAt(at, fmt.Sprintf("%q is not known here and may hold a Deny or a limit", name), "fix its name, or take an extauthz that knows it")
	}
	return nil
}

// speaksOfPolicies tells whether a member that is not known sounds as if it decided,
// or is not written as AWS writes names.
func speaksOfPolicies(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "polic") || strings.Contains(name, "boundar") || strings.Contains(name, "group") ||
		strings.ContainsFunc(name, func(r rune) bool { return r > '~' })
}

func (d *entityDetail) readMember(r authorizationReader, kind, name string) (err error) {
	switch name {
	case "Arn":
		return d.arn.read(r.Reader, name)
	case "Path":
		return d.path.read(r.Reader, name)
	case kind + "Name":
		return d.name.read(r.Reader, name)
	case kind + "Id":
		return d.id.read(r.Reader, name)
	case "Tags":
		d.tags, err = readTagList(r.Reader, name)
		return err
	case "GroupList":
		return r.Array(name, func(int) error { return readInto(&d.groups, r.Reader, "the name of a group") })
	case kind + "PolicyList":
		return r.Array(name, func(int) error { return d.readInline(r) })
	case "AttachedManagedPolicies":
		return d.readAttached(r.Reader, name)
	case "PermissionsBoundary":
		return readWanted(r.Reader, name, "PermissionsBoundaryArn", &d.boundary)
	case "AssumeRolePolicyDocument":
		d.trust, err = readDocument(r.Reader, r.file, name)
		return err
	}
	return skip(r.Reader)
}

// readInto appends the next string to a list.
func readInto(list *[]field, r *strictjson.Reader, what string) error {
	var f field
	err := f.read(r, what)
	*list = append(*list, f)
	return err
}

// readInline reads the next inline policy.
func (d *entityDetail) readInline(r authorizationReader) error {
	start, found, policy := r.Start(), false, field{}
	err := readOutput(r.Reader, "an inline policy", func(name string, _ int) error {
		switch name {
		case "PolicyName":
			return policy.read(r.Reader, name)
		case "PolicyDocument":
			found = true
			text, err := readDocument(r.Reader, r.file, name)
			d.inline = append(d.inline, text)
			return err
		}
		return skip(r.Reader)
	})
	if err == nil && !found {
		err = checkRequired(r.Reader, start, "an inline policy", namedBy("PolicyName", policy), required{name: "PolicyDocument"})
	}
	return err
}

// readAttached reads the list of attached managed policies; AWS's own examples have
// a single one by itself too.
func (d *entityDetail) readAttached(r *strictjson.Reader, name string) error {
	one := func(int) error {
		var arn field
		err := readWanted(r, "an attached policy", "PolicyArn", &arn)
		d.managed = append(d.managed, arn)
		return err
	}
	if !r.AtArray() {
		return one(1)
	}
	return r.Array(name, one)
}

// readWanted reads an object of which one member is wanted, and must be there. Where
// it is not, the error names the object by its member PolicyName.
func readWanted(r *strictjson.Reader, what, wanted string, into *field) error {
	start, policy := r.Start(), field{}
	err := readOutput(r, what, func(name string, _ int) error {
		switch name {
		case wanted:
			return into.read(r, name)
		case "PolicyName":
			return policy.read(r, name)
		}
		return skip(r)
	})
	if err != nil {
		return err
	}
	if into.text != "" {
		return nil
	}
	return checkRequired(r, start, what, required{name: wanted, value: *into}, namedBy("PolicyName", policy))
}

// checkName returns an error if an entry lacks a member that every entry has, or if
// its ARN does not agree with its account, path and name.
func (r authorizationReader) checkName(d *entityDetail, kind string) error {
	members := []required{{name: kind + "Name", value: d.name}, {name: "Arn", value: d.arn}, {name: "Path", value: d.path}, {name: kind + "Id", value: d.id}}
	for _, list := range [...]string{"AttachedManagedPolicies", "GroupList"} { // there even if empty
		if slices.Contains(deciding[list], kind) && !d.found[list] {
			members = append(members, required{name: list})
		}
	}
	if err := checkRequired(r.Reader, d.start, "an entry of "+kind+"DetailList", members...); err != nil {
		return err
	}
	return r.checkARN(d.arn, r.account, strings.ToLower(kind)+d.path.text+d.name.text)
}
