package awsexport

import (
	"bytes"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// A ManagedPolicy is a managed policy of an account's authorization: one of the account,
// or one of AWS's that is attached in it.
type ManagedPolicy struct {
	Document Document // of the default version
	arn      String
}

// A version is one version of a managed policy.
type version struct {
	start       diag.Point // of the entry
	id          String
	isDefault   string // the JSON text: true, false, or "" if it is missing
	isDefaultAt diag.Point
	document    *Document
}

// IsAWSPolicy reports whether a reference is the ARN of a managed policy of AWS.
func IsAWSPolicy(reference string) bool {
	if !strings.HasPrefix(reference, "arn:") { // most are names, and an error for each would cost more than the check
		return false
	}
	arn, err := iam.ParseARN(reference)
	return err == nil && arn.Service == "iam" && arn.Account == "aws" && strings.HasPrefix(arn.Resource, "policy/")
}

// readPolicy reads the next entry of Policies.
func (a *Authorization) readPolicy(r *reader) error {
	var arn, name, path, defaultVersion String
	var versions []version
	start := r.Point(r.Start())
	err := r.object("an entry of Policies", text("PolicyName", &name), text("Arn", &arn), text("Path", &path), text("DefaultVersionId", &defaultVersion),
		required("PolicyVersionList", func() error {
			return r.list("PolicyVersionList", func() error {
				v := version{start: r.Point(r.Start())}
				err := r.object("an entry of PolicyVersionList", v.members(r, text)...)
				versions = append(versions, v)
				return err
			})
		}))
	if err != nil {
		return err
	}
	if a.Policies[arn.Text] != nil {
		return r.fault(arn.At, fmt.Sprintf("policy %q occurs twice", arn.Text), "save the output again")
	}
	p := &ManagedPolicy{arn: arn}
	a.Policies[arn.Text] = p
	account := a.Account
	if IsAWSPolicy(arn.Text) {
		account = "aws"
	}
	if _, err := a.checkARN(r, arn, account, "policy"+path.Text+name.Text); err != nil {
		return err
	}
	return p.useDefault(r, start, defaultVersion.Text, versions)
}

// members returns the members of a version, as the commands of AWS print them. id makes
// the member VersionId.
func (v *version) members(r *reader, id func(string, *String) member) []member {
	isDefault := value("IsDefaultVersion", func() error {
		value, err := r.Raw()
		v.isDefault = string(value)
		return err
	})
	isDefault.at = func(p diag.Point) { v.isDefaultAt = p }
	return []member{id("VersionId", &v.id), isDefault, value("Document", func() error {
		document, err := readDocument(r, "Document")
		v.document = &document
		return err
	})}
}

// useDefault sets the document to that of the default version. It returns an error unless
// exactly one version is the default one, in all its members.
func (p *ManagedPolicy) useDefault(r *reader, start diag.Point, defaultVersion string, versions []version) error {
	found := 0
	for _, v := range versions {
		isDefault := v.id.Text == defaultVersion
		if v.isDefault != "" && v.isDefault != fmt.Sprint(isDefault) {
			return r.fault(v.id.At, fmt.Sprintf("version %q of policy %q has IsDefaultVersion %s, while DefaultVersionId is %q", v.id.Text, p.arn.Text, v.isDefault, defaultVersion), "save the output again")
		}
		if !isDefault {
			continue
		}
		if v.document == nil {
			return r.fault(v.start, fmt.Sprintf("the default version of policy %s (VersionId %q) lacks Document", p.arn.Text, v.id.Text), saveAgain)
		}
		p.Document = *v.document
		found++
	}
	if found != 1 {
		return r.fault(start, fmt.Sprintf("PolicyVersionList contains the default version %[2]q of policy %[1]q %[3]d times instead of once", p.arn.Text, defaultVersion, found), "save the output again")
	}
	return nil
}

// ReadPolicyVersion returns the document in a file, which is the document or the output
// of aws iam get-policy-version (IAM API Reference, GetPolicyVersion), and reports whether
// it is the output.
func ReadPolicyVersion(file string, text []byte) (found Document, isOutput bool, err error) {
	const name = "PolicyVersion"
	r, err := newOutputReader(file, text, name, "Policy")
	switch {
	case err != nil:
		return found, false, err
	case r == nil:
		return File(file, text), false, nil
	case r.has("Policy") && bytes.Contains(text, []byte("DefaultVersionId")):
		return found, false, diag.New(diag.File(file).At(diag.Point{Line: 1, Column: 1}), "the output of aws iam get-policy does not contain the document", "save the output of aws iam get-policy-version for the DefaultVersionId that is in this file")
	case !r.has(name):
		return File(file, text), false, nil
	}
	err = r.checkedObject("the output", r.refuseDocument(name), value(name, func() error {
		found, err = readVersionInForce(r, name)
		return err
	}))
	return found, true, err
}

// readVersionInForce reads a version, which must be the default one.
func readVersionInForce(r *reader, what string) (found Document, err error) {
	v := version{start: r.Point(r.Start())}
	members := v.members(r, text)
	members[0].need, members[2].need = optional, present
	if err := r.object(what, members...); err != nil {
		return found, err
	}
	if v.isDefault != "" && v.isDefault != "true" {
		return found, r.fault(v.isDefaultAt, fmt.Sprintf("version %q is not the policy's default version, so it is not in force on AWS", v.id.Text), "save the output for the DefaultVersionId that aws iam get-policy prints")
	}
	return *v.document, nil
}
