package policystore

import (
	"slices"
	"strings"

	"extauthz/strictjson"
	"extauthz/sts"
)

// An entityDetail is a user, a group or a role.
type entityDetail struct {
	start           int // of the entry, in bytes
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
func (a *authorization) readEntity(kind string) error {
	d := &entityDetail{start: a.reader.Start(), found: map[string]bool{}}
	err := a.reader.Object("an entry of "+kind+"DetailList", func(name string, at int) error {
		if err := a.checkMember(kind, name, at); err != nil {
			return err
		}
		d.found[name] = true
		return d.readMember(a, kind, name)
	})
	if err == nil {
		err = a.checkName(d, kind)
	}
	switch {
	case err != nil:
		return err
	case kind != "Group":
		a.entities = append(a.entities, d)
	case a.groups[d.name.text] != nil:
		return a.reader.ErrorAt(d.name.at, "group %q is there twice; save the output again", d.name.text)
	default:
		a.groups[d.name.text] = d
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
func (a *authorization) checkMember(kind, name string, at int) error {
	for known, kinds := range deciding {
		switch {
		case !strings.EqualFold(name, known):
		case !slices.Contains(kinds, kind):
			return a.reader.ErrorAt(at, "%q is no member of an entry of %sDetailList; save the output as it is", name, kind)
		case name != known:
			return a.reader.ErrorAt(at, "%q is spelt %s by AWS; save the output as it is", name, known)
		}
	}
	return nil
}

func (d *entityDetail) readMember(a *authorization, kind, name string) (err error) {
	r := a.reader
	switch name {
	case "Arn":
		return d.arn.read(r, name)
	case "Path":
		return d.path.read(r, name)
	case kind + "Name":
		return d.name.read(r, name)
	case kind + "Id":
		return d.id.read(r, name)
	case "Tags":
		d.tags, err = readTagList(r, name)
		return err
	case "GroupList":
		return r.Array(name, func(int) error { return readInto(&d.groups, r, "the name of a group") })
	case kind + "PolicyList":
		return r.Array(name, func(int) error { return d.readInline(a) })
	case "AttachedManagedPolicies":
		return d.readAttached(r, name)
	case "PermissionsBoundary":
		return readWanted(r, name, "PermissionsBoundaryArn", &d.boundary)
	case "AssumeRolePolicyDocument":
		d.trust, err = readDocument(r, a.file, name)
		return err
	}
	return skip(r)
}

// readInto appends the next string to a list.
func readInto(list *[]field, r *strictjson.Reader, what string) error {
	var f field
	err := f.read(r, what)
	*list = append(*list, f)
	return err
}

// readInline reads the next inline policy.
func (d *entityDetail) readInline(a *authorization) error {
	start, found := a.reader.Start(), false
	err := a.reader.Object("an inline policy", func(name string, _ int) error {
		if name != "PolicyDocument" {
			return skip(a.reader)
		}
		found = true
		text, err := readDocument(a.reader, a.file, name)
		d.inline = append(d.inline, text)
		return err
	})
	if err == nil && !found {
		err = a.reader.ErrorAt(start, "an inline policy lacks PolicyDocument; save the output as it is")
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

// readWanted reads an object of which one member is wanted, and must be there.
func readWanted(r *strictjson.Reader, what, wanted string, into *field) error {
	start := r.Start()
	err := r.Object(what, func(name string, _ int) error {
		if name == wanted {
			return into.read(r, name)
		}
		return skip(r)
	})
	if err == nil && into.text == "" {
		err = r.ErrorAt(start, "%s lacks %s; save the output as it is", what, wanted)
	}
	return err
}

// checkName wants what every entry has, and holds its ARN to its account, path and
// name.
func (a *authorization) checkName(d *entityDetail, kind string) error {
	if d.arn.text == "" || d.path.text == "" || d.name.text == "" || d.id.text == "" {
		return a.reader.ErrorAt(d.start, "an entry of %sDetailList lacks Arn, Path, %sName or %sId; save the output as it is", kind, kind, kind)
	}
	for _, list := range [...]string{"AttachedManagedPolicies", "GroupList"} { // there even if empty
		if slices.Contains(deciding[list], kind) && !d.found[list] {
			return a.reader.ErrorAt(d.start, "an entry of %sDetailList lacks %s; save the output as it is", kind, list)
		}
	}
	return a.checkARN(d.arn, a.account, strings.ToLower(kind)+d.path.text+d.name.text)
}
