package policystore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/policystore/awsexport"
)

// organizationFile is organization.yaml.
type organizationFile struct {
	ID                string            `yaml:"id"`
	ManagementAccount string            `yaml:"managementAccount"`
	Accounts          map[string]string `yaml:"accounts"`
	Outside           []string          `yaml:"outside"`
}

// An Organization says which accounts are members of an AWS organization, and
// where in it. The nil Organization has none.
type Organization struct {
	id         string
	management string              // the management account; "" if it is not known
	paths      map[string][]string // by account; a list of one, as condition keys have it
	outside    map[string]bool     // accounts that are said to be no members
	accountsAt diag.Point          // of the list of accounts
}

// Member returns the values of aws:PrincipalOrgID and aws:PrincipalOrgPaths, or
// of their counterparts for resources, of an account; false for one that is no
// member.
func (o *Organization) Member(account string) (id string, paths []string, ok bool) {
	if o == nil {
		return "", nil, false
	}
	paths, ok = o.paths[account]
	return o.id, paths, ok
}

// The forms of the ids in an organization's path (AWS Organizations API
// Reference, "Organization", "Root" and "OrganizationalUnit"). A unit's id
// repeats the root's behind "ou-".
var (
	rootID = regexp.MustCompile(`^r-[0-9a-z]{4,32}$`)
	unitID = regexp.MustCompile(`^ou-([0-9a-z]{4,32})-[a-z0-9]{8,32}$`)
)

// maxUnits is how deep organizational units nest (AWS Organizations User Guide,
// "Quotas").
const maxUnits = 5

// organizationPath is the path of the organization's file.
const organizationPath = "organization.yaml"

// loadOrganization reads organization.yaml and the output of aws organizations
// describe-organization. It returns nil without organization.yaml, or if one of the two has
// a fault.
func (c *compiler) loadOrganization() *Organization {
	var described awsexport.Organization
	if c.Has(describedOrganizationPath) && !c.unusable[describedOrganizationPath] {
		var err error
		described, err = awsexport.ReadOrganization(describedOrganizationPath, c.Text(describedOrganizationPath))
		c.report(err)
	}
	switch {
	case c.unusable[organizationPath]:
		return nil
	case c.Has(organizationPath):
		if c.isFaulty[describedOrganizationPath] {
			return nil
		}
		o, err := readOrganization(c.Text(organizationPath), described)
		c.report(err)
		return o
	case c.Has(describedOrganizationPath):
		c.report(fault(describedOrganizationPath, fmt.Sprintf("%s does not exist, and this output does not list the accounts", organizationPath), "write it, with the path of each account"))
	}
	return nil
}

// agree compares organization.yaml with the output of describe-organization, and returns
// the key that differs.
func agree(described awsexport.Organization, id, management string) (key string, err error) {
	switch {
	case described.ID == "":
		return "", nil
	case id != "" && id != described.ID:
		return "id", fmt.Errorf("id %q is not the id %q in %s; remove the wrong one", id, described.ID, describedOrganizationPath)
	case management != "" && management != described.ManagementAccount:
		return "managementAccount", fmt.Errorf("managementAccount %q is not the MasterAccountId %q in %s; remove the wrong one", management, described.ManagementAccount, describedOrganizationPath)
	}
	return "", nil
}

// readOrganization reads organization.yaml. The id and the management account may be
// in the described organization instead.
func readOrganization(text []byte, described awsexport.Organization) (*Organization, error) {
	var file organizationFile
	y, err := decodeYAML(organizationPath, text, &file)
	if err != nil {
		return nil, err
	}
	if key, err := agree(described, file.ID, file.ManagementAccount); err != nil {
		return nil, y.errorAt(err, key)
	}
	id := cmp.Or(file.ID, described.ID)
	if !awsexport.IsOrganizationID(id) {
		return nil, y.errorAt(fmt.Errorf("id %q: write the organization's id, such as o-a1b2c3d4e5", id), "id")
	}
	if len(file.Accounts) == 0 {
		return nil, y.errorAt(errors.New("accounts: name the member accounts, each with its path"), "accounts")
	}
	o := &Organization{id: id, paths: map[string][]string{}, outside: map[string]bool{}, accountsAt: y.position([]any{"accounts"})}
	all := hierarchy{above: map[string]placement{}}
	for _, account := range slices.Sorted(maps.Keys(file.Accounts)) {
		path := file.Accounts[account]
		err := cmp.Or(checkAccount(account), o.checkPath(path))
		if err == nil {
			err = all.add(account, path)
		}
		if err != nil {
			return nil, y.errorAt(err, "accounts", account)
		}
		o.paths[account] = []string{path}
	}
	if wrong, err := o.exclude(file.Outside); err != nil {
		return nil, y.errorAt(err, "outside", wrong)
	}
	if m := file.ManagementAccount; m != "" && o.paths[m] == nil {
		return nil, y.errorAt(fmt.Errorf("managementAccount %q is not among the accounts; add it there with its path", m), "managementAccount")
	}
	o.management = cmp.Or(file.ManagementAccount, described.ManagementAccount)
	return o, nil
}

// exclude takes accounts for strangers, or returns the position of one that cannot be.
func (o *Organization) exclude(accounts []string) (wrong int, err error) {
	for i, account := range accounts {
		switch err := checkAccount(account); {
		case err != nil:
			return i, err
		case o.paths[account] != nil:
			return i, fmt.Errorf("account %q is in accounts too; keep one of the two", account)
		}
		o.outside[account] = true
	}
	return 0, nil
}

func checkAccount(account string) error {
	if !isAccount(account) {
		return fmt.Errorf("account %q: write twelve digits between quotes", account)
	}
	return nil
}

// checkPath holds a path to the form that aws:PrincipalOrgPaths has: the
// organization, its root and the units from there, each with a slash behind it
// (IAM User Guide, "AWS global condition context keys").
func (o *Organization) checkPath(path string) error {
	steps := strings.Split(path, "/")
	last := len(steps) - 1
	if last < 2 || steps[0] != o.id || !rootID.MatchString(steps[1]) || steps[last] != "" {
		return fmt.Errorf("path %q: write %s/ROOT/ and the organizational units from there, each with a slash behind it, such as %[2]s/r-ab12/ou-ab12-11111111/", path, o.id)
	}
	units := steps[2:last]
	if len(units) > maxUnits {
		return fmt.Errorf("path %q: organizational units nest at most %d deep", path, maxUnits)
	}
	for _, unit := range units {
		m := unitID.FindStringSubmatch(unit)
		if m == nil || "r-"+m[1] != steps[1] {
			return fmt.Errorf("path %q: %q is no organizational unit below root %s; its id is ou-%s-…", path, unit, steps[1], steps[1][len("r-"):])
		}
	}
	return nil
}
