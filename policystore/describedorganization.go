package policystore

import (
	"fmt"

	"extauthz/policystore/directory"
	"extauthz/strictjson"
)

// describedOrganizationPath is the path of the output of aws organizations
// describe-organization.
const describedOrganizationPath = "organization/organization.json"

// describedOrganization is what that output says: the organization's id and its
// management account (AWS Organizations API Reference, Organization).
type describedOrganization struct{ id, management string }

// readDescribedOrganization reads the output; zero if the directory does not have it.
func readDescribedOrganization(t *directory.Tree) (d describedOrganization, err error) {
	if !t.Has(describedOrganizationPath) {
		return d, nil
	}
	r, err := strictjson.NewFileReader(describedOrganizationPath, t.Text(describedOrganizationPath))
	if err != nil {
		return d, err
	}
	start, found := r.Start(), false
	err = readOutput(r, "the output", func(name string, _ int) error {
		if name != "Organization" {
			return skip(r)
		}
		found = true
		return d.read(r, name)
	})
	if err == nil && !found {
		err = r.ErrorAt(start, "the output lacks Organization", "save the output of aws organizations describe-organization as it is")
	}
	return d, err
}

func (d *describedOrganization) read(r *strictjson.Reader, what string) error {
	var id, management field
	start := r.Start()
	err := readOutput(r, what, func(name string, _ int) error {
		switch name {
		case "Id":
			return id.read(r, name)
		case "MasterAccountId":
			return management.read(r, name)
		}
		return skip(r)
	})
	if err == nil {
		err = checkRequired(r, start, what, required{name: "Id", value: id}, required{name: "MasterAccountId", value: management})
	}
	switch {
	case err != nil:
		return err
	case !organizationID.MatchString(id.text):
		return r.ErrorAt(id.at, fmt.Sprintf("Id %q is not the id of an organization, such as o-a1b2c3d4e5", id.text), "save the output as it is")
	case !isAccount(management.text):
		return r.ErrorAt(management.at, fmt.Sprintf("MasterAccountId %q is not an account of 12 digits", management.text), "save the output as it is")
	}
	d.id, d.management = id.text, management.text
	return nil
}

// agree compares the output with what organization.yaml says; "" says nothing.
func (d *describedOrganization) agree(id, management string) (key string, err error) {
	switch {
	case d.id == "":
		return "", nil
	case id != "" && id != d.id:
		return "id", fmt.Errorf("id %q is not the id %q in %s; remove the wrong one", id, d.id, describedOrganizationPath)
	case management != "" && management != d.management:
		return "managementAccount", fmt.Errorf("managementAccount %q is not the MasterAccountId %q in %s; remove the wrong one", management, d.management, describedOrganizationPath)
	}
	return "", nil
}
