package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/strictyaml"
)

// The paths of the file that describes the organization, and of the output of aws
// organizations describe-organization.
const (
	OrganizationPath          = "organization.yaml"
	DescribedOrganizationPath = "organization/organization.json"
)

// An Organization describes which accounts are members of an AWS organization, and where
// in it they are. The nil Organization has no members.
type Organization struct {
	ManagementAccount string        // "" if it is unknown
	AccountsAt        diag.Position // of the list of accounts

	id      string
	paths   map[string][]string // by account; each list has one item, as the condition keys do
	outside map[string]bool     // accounts that are listed as not being members
}

// Member returns the values of aws:PrincipalOrgID and aws:PrincipalOrgPaths of an account,
// which are also those of the keys for resources. It returns false for an account that is
// not a member.
func (o *Organization) Member(account string) (id string, paths []string, ok bool) {
	if o == nil {
		return "", nil, false
	}
	paths, ok = o.paths[account]
	return o.id, paths, ok
}

// Accounts returns the member accounts in order.
func (o *Organization) Accounts() []string {
	if o == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.paths))
}

// Lists reports whether an account is listed, as a member or as outside.
func (o *Organization) Lists(account string) bool {
	return o != nil && (o.paths[account] != nil || o.outside[account])
}

// Targets returns the ids that the control policies of a member account can be attached
// to: its root, the organizational units on its path, and the account.
func (o *Organization) Targets(account string) []string {
	steps := strings.Split(strings.TrimSuffix(o.paths[account][0], "/"), "/")
	return append(steps[1:], account)
}

// Below returns the member accounts that have an id on their path, by id.
func (o *Organization) Below() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for account := range o.paths {
		for _, id := range o.Targets(account) {
			if all[id] == nil {
				all[id] = map[string]bool{}
			}
			all[id][account] = true
		}
	}
	return all
}

// The forms of the ids in an organization's path (AWS Organizations API Reference,
// "Organization", "Root" and "OrganizationalUnit"). A unit's id repeats the root's after
// "ou-".
var (
	rootID = regexp.MustCompile(`^r-[0-9a-z]{4,32}$`)
	unitID = regexp.MustCompile(`^ou-([0-9a-z]{4,32})-[a-z0-9]{8,32}$`)
)

// IsTarget reports whether a text has the form of an id that control policies can be
// attached to: a root, an organizational unit or an account.
func IsTarget(text string) bool {
	return rootID.MatchString(text) || unitID.MatchString(text) || iam.IsAccount(text)
}

// organizationFile is organization.yaml.
type organizationFile struct {
	ID                string            `yaml:"id"`
	ManagementAccount string            `yaml:"managementAccount"`
	Accounts          map[string]string `yaml:"accounts"`
	Outside           []string          `yaml:"outside"`
}

// ParseOrganization parses organization.yaml. The id and the management account may be in
// the output of describe-organization instead, which is zero if that file does not exist. If
// the text is a mapping, the result contains the accounts even with an error.
func ParseOrganization(text []byte, described awsexport.OrganizationDescription) (*Organization, error) {
	var content organizationFile
	file, err := strictyaml.Decode(OrganizationPath, text, &content)
	if file == nil {
		return nil, err
	}
	at := newEntry(file)
	at.faults.Add(err)
	o := &Organization{paths: map[string][]string{}, outside: map[string]bool{}, AccountsAt: at.at("accounts")}
	o.id = o.parseID(at, content.ID, described)
	o.ManagementAccount = o.parseManagement(at, content.ManagementAccount, described)
	if len(content.Accounts) == 0 {
		at.fault("no member account is listed", "list the member accounts, each with its path", "accounts")
	}
	o.addAccounts(at, content.Accounts)
	o.addOutside(at, content.Outside)
	if m := content.ManagementAccount; m != "" && content.Accounts[m] == "" && at.knows("accounts") {
		at.fault(fmt.Sprintf("managementAccount %q is not one of the accounts", m), "add it there with its path", "managementAccount")
	}
	return o, at.faults.Err()
}

// parseID returns the organization's id.
func (o *Organization) parseID(at *entry, id string, described awsexport.OrganizationDescription) string {
	switch {
	case id != "" && described.ID != "" && id != described.ID:
		at.fault(fmt.Sprintf("id %q is not the id %q in %s", id, described.ID, DescribedOrganizationPath), "remove the wrong one", "id")
	case !awsexport.IsOrganizationID(cmp.Or(id, described.ID)):
		at.fault(fmt.Sprintf("id %q is not the id of an organization", id), "write it, such as o-a1b2c3d4e5", "id")
	}
	return cmp.Or(id, described.ID)
}

// parseManagement returns the management account.
func (o *Organization) parseManagement(at *entry, account string, described awsexport.OrganizationDescription) string {
	if account != "" && described.ManagementAccount != "" && account != described.ManagementAccount {
		at.fault(fmt.Sprintf("managementAccount %q is not the MasterAccountId %q in %s", account, described.ManagementAccount, DescribedOrganizationPath), "remove the wrong one", "managementAccount")
	}
	return cmp.Or(account, described.ManagementAccount)
}

// addAccounts adds the member accounts with their paths.
func (o *Organization) addAccounts(at *entry, accounts map[string]string) {
	all := hierarchy{above: map[string]placement{}}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		path := accounts[account]
		if path == "" && at.file.Faulty("accounts", account) {
			continue
		}
		err := cmp.Or(checkAccount(account), o.checkPath(path))
		if err == nil {
			err = all.add(account, path)
		}
		at.add(err, "accounts", account)
		o.paths[account] = []string{path}
	}
}

// addOutside adds the accounts that are not members.
func (o *Organization) addOutside(at *entry, accounts []string) {
	for i, account := range accounts {
		if account == "" && at.file.Faulty("outside", i) {
			continue
		}
		at.add(checkAccount(account), "outside", i)
		if o.paths[account] != nil {
			at.fault(fmt.Sprintf("account %q is listed in both accounts and outside", account), "remove it from one", "outside", i)
		}
		o.outside[account] = true
	}
}

func checkAccount(account string) error {
	if !iam.IsAccount(account) {
		return diag.New(diag.Position{}, fmt.Sprintf("account %q is not valid", account), "write twelve digits in quotes")
	}
	return nil
}

// maxUnits is how deep organizational units can be nested (AWS Organizations User Guide,
// "Quotas").
const maxUnits = 5

// checkPath checks that a path has the form of aws:PrincipalOrgPaths: the organization, its
// root and the units from there, each followed by a slash (IAM User Guide, "AWS global
// condition context keys").
func (o *Organization) checkPath(path string) error {
	fault := func(remedy, format string, args ...any) error {
		return diag.New(diag.Position{}, fmt.Sprintf("path %q", path)+fmt.Sprintf(format, args...), remedy)
	}
	steps := strings.Split(path, "/")
	last := len(steps) - 1
	if last < 2 || !awsexport.IsOrganizationID(steps[0]) && steps[0] != o.id || !rootID.MatchString(steps[1]) || steps[last] != "" {
		return fault(fmt.Sprintf("write %s/ROOT/ and the organizational units from there, each followed by a slash, such as %[1]s/r-ab12/ou-ab12-11111111/", o.id), " is not valid")
	}
	if awsexport.IsOrganizationID(o.id) && steps[0] != o.id { // a fault of the id is already reported
		return fault("correct the path or the id of the organization", " is not in organization %q", o.id)
	}
	units := steps[2:last]
	if len(units) > maxUnits {
		return fault("remove units from the path", " has more than %d organizational units", maxUnits)
	}
	for _, unit := range units {
		m := unitID.FindStringSubmatch(unit)
		if m == nil || "r-"+m[1] != steps[1] {
			return fault(fmt.Sprintf("write the unit's id, ou-%s-…", steps[1][len("r-"):]), ": %q is not an organizational unit below root %s", unit, steps[1])
		}
	}
	return nil
}

// A hierarchy is the root and the organizational units that the paths of accounts share.
// An organization has one root, and each unit is below one root or unit (AWS Organizations
// User Guide, "Terminology and concepts for AWS Organizations"). If two paths disagree, one
// of them is wrong, and its account would not be subject to the policies of a unit that it
// is in.
type hierarchy struct {
	root  placement
	above map[string]placement // by unit: what it is below
}

// A placement is an id, and the account whose path shows where it is.
type placement struct{ id, account string }

// add adds the path of an account, which has the right form. It returns an error if the
// path does not agree with the paths before it.
func (h *hierarchy) add(account, path string) error {
	_, rest, _ := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	steps := strings.Split(rest, "/")
	root := steps[0]
	if h.root.id == "" {
		h.root = placement{root, account}
	}
	if h.root.id != root {
		return diag.New(diag.Position{}, fmt.Sprintf("path %q has root %s, but the path of account %q has root %s, and an organization has only one root", path, root, h.root.account, h.root.id), "correct one of the paths")
	}
	for i, unit := range steps[1:] {
		above := steps[i]
		known, found := h.above[unit]
		if !found {
			known = placement{above, account}
			h.above[unit] = known
		}
		if known.id != above {
			return diag.New(diag.Position{}, fmt.Sprintf("path %q has %s below %s, but the path of account %q has it below %s, and a unit has only one parent", path, unit, above, known.account, known.id), "correct one of the paths")
		}
	}
	return nil
}
