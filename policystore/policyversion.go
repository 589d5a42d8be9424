package policystore

import (
	"bytes"
	"fmt"

	"extauthz/strictjson"
)

// openPolicyVersion finds the document in a file of managed/, which is the document
// itself or the output of aws iam get-policy-version (IAM API Reference,
// GetPolicyVersion), and reports whether it is the output.
func openPolicyVersion(file string, text []byte) (found document, isOutput bool, err error) {
	const member = "PolicyVersion"
	if bytes.Contains(text, []byte("DefaultVersionId")) && hasMember(text, "Policy") {
		return document{}, false, fmt.Errorf("%s:1:1: the output of aws iam get-policy has no document; save the output of aws iam get-policy-version for the DefaultVersionId that is here", file)
	}
	if !bytes.Contains(text, []byte(member)) || !hasMember(text, member) {
		return wholeFile(file, text), false, nil
	}
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return document{}, false, err
	}
	err = readOutput(r, "the output", func(name string, at int) error {
		switch name {
		case member:
			found, err = readPolicyVersion(r, file, name)
			return err
		case "Version", "Id", "Statement":
			return r.ErrorAt(at, fmt.Sprintf("%s is beside %s", name, member), "keep the policy alone, or the output as it is")
		}
		return skip(r)
	})
	return found, true, err
}

// readPolicyVersion reads the version, which must be the one in force.
func readPolicyVersion(r *strictjson.Reader, file, what string) (document, error) {
	var v versionDetail
	start, isDefaultAt := r.Start(), 0
	err := readOutput(r, what, func(name string, at int) error {
		if name == "IsDefaultVersion" {
			isDefaultAt = at
		}
		return v.readMember(r, file, name)
	})
	switch {
	case err != nil:
		return document{}, err
	case v.document.text == nil:
		return document{}, checkRequired(r, start, what, required{name: "VersionId", value: v.id}, required{name: "Document", value: field{}})
	case v.isDefault != "" && v.isDefault != "true":
		return document{}, r.ErrorAt(isDefaultAt, fmt.Sprintf("version %q is not the policy's default version, so it is not in force on AWS", v.id.text), "save the output for the DefaultVersionId that aws iam get-policy prints")
	}
	return v.document, nil
}
