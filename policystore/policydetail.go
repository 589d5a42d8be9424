package policystore

import (
	"fmt"

	"extauthz/strictjson"
)

// A policyDetail is a managed policy of an authorization: the account's own, or one
// of AWS's that is attached there.
type policyDetail struct {
	start           int // of the entry, in bytes
	arn, name, path field
	defaultVersion  field
	listed          bool // there is a PolicyVersionList
	versions        []versionDetail
}

// A versionDetail is one version of a managed policy.
type versionDetail struct {
	start     int // of the entry, in bytes
	id        field
	isDefault string // as written: true, false, or "" where it is not told
	document  document
}

// readPolicy reads the next entry of Policies.
func (r authorizationReader) readPolicy() error {
	d := &policyDetail{start: r.Start()}
	err := readOutput(r.Reader, "an entry of Policies", func(name string, _ int) error {
		switch name {
		case "Arn":
			return d.arn.read(r.Reader, name)
		case "Path":
			return d.path.read(r.Reader, name)
		case "PolicyName":
			return d.name.read(r.Reader, name)
		case "DefaultVersionId":
			return d.defaultVersion.read(r.Reader, name)
		case "PolicyVersionList":
			d.listed = true
			return r.Array(name, func(int) error { return d.readVersion(r) })
		}
		return skip(r.Reader)
	})
	if err == nil {
		err = checkRequired(r.Reader, d.start, "an entry of Policies", d.required()...)
	}
	switch {
	case err != nil:
		return err
	case r.policies[d.arn.text] != nil:
		return r.ErrorAt(d.arn.at, fmt.Sprintf("policy %q is there twice", d.arn.text), "save the output again")
	}
	r.policies[d.arn.text] = d
	account := r.account
	if isAWSPolicy(d.arn.text) {
		account = "aws"
	}
	if err := r.checkARN(d.arn, account, "policy"+d.path.text+d.name.text); err != nil {
		return err
	}
	return d.checkVersions(r.Reader)
}

// required returns the members that the entry must have.
func (d *policyDetail) required() []required {
	members := []required{{name: "PolicyName", value: d.name}, {name: "Arn", value: d.arn}, {name: "Path", value: d.path}, {name: "DefaultVersionId", value: d.defaultVersion}}
	if !d.listed {
		members = append(members, required{name: "PolicyVersionList"})
	}
	return members
}

func (d *policyDetail) readVersion(r authorizationReader) error {
	v := versionDetail{start: r.Start()}
	const what = "an entry of PolicyVersionList"
	err := readOutput(r.Reader, what, func(name string, _ int) error { return v.readMember(r.Reader, r.file, name) })
	if err == nil {
		err = checkRequired(r.Reader, v.start, what, required{name: "VersionId", value: v.id})
	}
	d.versions = append(d.versions, v)
	return err
}

// readMember reads a member of a version as AWS's commands print it.
func (v *versionDetail) readMember(r *strictjson.Reader, file, name string) (err error) {
	switch name {
	case "VersionId":
		return v.id.read(r, name)
	case "IsDefaultVersion":
		value, err := r.Raw()
		v.isDefault = string(value)
		return err
	case "Document":
		v.document, err = readDocument(r, file, name)
		return err
	}
	return skip(r)
}

// checkVersions wants one default version, of which everything says that it is.
func (d *policyDetail) checkVersions(r *strictjson.Reader) error {
	found := 0
	for _, v := range d.versions {
		isDefault := v.id.text == d.defaultVersion.text
		if v.isDefault != "" && v.isDefault != fmt.Sprint(isDefault) {
			return r.ErrorAt(v.id.at, fmt.Sprintf("version %q of policy %q has IsDefaultVersion %s, while DefaultVersionId is %q", v.id.text, d.arn.text, v.isDefault, d.defaultVersion.text), "save the output again")
		}
		if !isDefault {
			continue
		}
		if v.document.text == nil {
			return checkRequired(r, v.start, "the default version of policy "+d.arn.text, required{name: "VersionId", value: v.id}, required{name: "Document"})
		}
		found++
	}
	if found != 1 {
		return r.ErrorAt(d.start, fmt.Sprintf("policy %q has the document of its default version %q %d times in PolicyVersionList, not once", d.arn.text, d.defaultVersion.text, found), "save the output again")
	}
	return nil
}

// document is the text of the default version.
func (d *policyDetail) document() document {
	for _, v := range d.versions {
		if v.id.text == d.defaultVersion.text {
			return v.document
		}
	}
	return document{} // checkVersions has seen to it
}
