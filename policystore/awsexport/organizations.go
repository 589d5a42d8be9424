package awsexport

import (
	"fmt"
	"regexp"

	"extauthz/diag"
	"extauthz/iam"
)

// An OrganizationDescription is the output of aws organizations describe-organization (AWS
// Organizations API Reference, Organization).
type OrganizationDescription struct{ ID, ManagementAccount string }

// organizationID is the form of an organization's id.
var organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// IsOrganizationID reports whether id is the id of an organization.
func IsOrganizationID(id string) bool { return organizationID.MatchString(id) }

// ReadOrganization reads the output of aws organizations describe-organization.
func ReadOrganization(file string, contents []byte) (o OrganizationDescription, err error) {
	r, err := newReader(file, contents)
	if err != nil {
		return o, err
	}
	found, start := false, r.Point(r.Start())
	err = r.object("the output", value("Organization", func() error {
		found = true
		o, err = readOrganization(r)
		return err
	}))
	if err == nil && !found {
		err = r.fault(start, "the output lacks Organization", "save the output of aws organizations describe-organization as it is")
	}
	return o, err
}

func readOrganization(r *reader) (o OrganizationDescription, err error) {
	var id, management String
	err = r.object("Organization", text("Id", &id), text("MasterAccountId", &management))
	switch {
	case err != nil:
		return o, err
	case !IsOrganizationID(id.Text):
		return o, r.fault(id.At, fmt.Sprintf("Id %q is not the id of an organization, such as o-a1b2c3d4e5", id.Text), saveAgain)
	case !iam.IsAccount(management.Text):
		return o, r.fault(management.At, fmt.Sprintf("MasterAccountId %q is not an account of 12 digits", management.Text), saveAgain)
	}
	return OrganizationDescription{id.Text, management.Text}, nil
}

// A ControlFile is a file about control policies: a policy document, the output of aws
// organizations describe-policy, or that of aws organizations list-policies-for-target.
type ControlFile struct {
	Document *Document      // nil in a list
	Policy   *PolicySummary // of the document, in an output of describe-policy
	List     []PolicySummary
	ListAt   diag.Point // of the list
}

// A PolicySummary identifies a policy of AWS Organizations (AWS Organizations API
// Reference, PolicySummary).
type PolicySummary struct {
	Start          diag.Point
	ID, Name, Type String
}

// ReadControlFile reads a file about control policies.
func ReadControlFile(file string, contents []byte) (*ControlFile, error) {
	r, err := newOutputReader(file, contents, "Policy", "Policies")
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		d := File(file, contents)
		return &ControlFile{Document: &d}, nil
	case r.has("Policy"):
		return readDescribedPolicy(r)
	}
	return readPolicyList(r)
}

// readDescribedPolicy reads the output of aws organizations describe-policy.
func readDescribedPolicy(r *reader) (*ControlFile, error) {
	f, content := &ControlFile{}, String{}
	err := r.checkedObject("the output", r.refuseDocument("Policy", "Policies"), value("Policy", func() error {
		return r.object("Policy", text("Content", &content), required("PolicySummary", func() error {
			summary, err := readPolicySummary(r, "PolicySummary")
			f.Policy = &summary
			return err
		}))
	}))
	if err != nil {
		return nil, err
	}
	d := inString(r.file, "Content", content.At, content.Text)
	f.Document = &d
	return f, nil
}

// readPolicyList reads the output of aws organizations list-policies-for-target.
func readPolicyList(r *reader) (*ControlFile, error) {
	f := &ControlFile{}
	err := r.checkedObject("the output", r.refuseDocument("Policies"), value("Policies", func() error {
		f.ListAt = r.Point(r.Start())
		return r.list("Policies", func() error {
			summary, err := readPolicySummary(r, "an entry of Policies")
			f.List = append(f.List, summary)
			return err
		})
	}))
	return f, err
}

// controlPolicyID is the form of a policy's id. AWS's own ids have at least eight
// characters after the prefix (AWS Organizations API Reference, PolicySummary).
var controlPolicyID = regexp.MustCompile(`^p-[0-9A-Za-z_]{1,128}$`)

func readPolicySummary(r *reader, what string) (PolicySummary, error) {
	s := PolicySummary{Start: r.Point(r.Start())}
	err := r.object(what, text("Name", &s.Name), text("Id", &s.ID), text("Type", &s.Type))
	if err == nil && !controlPolicyID.MatchString(s.ID.Text) {
		err = r.fault(s.ID.At, fmt.Sprintf("Id %q is not the id of a policy, such as p-1a2b3c4d", s.ID.Text), saveAgain)
	}
	return s, err
}
