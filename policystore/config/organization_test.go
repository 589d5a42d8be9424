package config

import (
	"slices"
	"strings"
	"testing"

	"extauthz/policystore/awsexport"
)

const goodOrganization = `id: o-a1b2c3d4e5
accounts:
  "111111111111": o-a1b2c3d4e5/r-ab12/
  "222222222222": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/
`

func TestParseOrganization(t *testing.T) {
	o, err := ParseOrganization([]byte(goodOrganization), awsexport.OrganizationDescription{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account, path string // "" if it is not a member
	}{
		{"111111111111", "o-a1b2c3d4e5/r-ab12/"},
		{"222222222222", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"},
		{"333333333333", ""},
		{"", ""},
	} {
		id, paths, ok := o.Member(c.account)
		switch {
		case c.path == "" && (ok || len(paths) != 0):
			t.Errorf("account %q is a member at %q", c.account, paths)
		case c.path != "" && (!ok || id != "o-a1b2c3d4e5" || !slices.Equal(paths, []string{c.path})):
			t.Errorf("account %q: %q %q %t", c.account, id, paths, ok)
		}
	}
}

// TestNilOrganization checks that the nil Organization has no members.
func TestNilOrganization(t *testing.T) {
	var o *Organization
	if id, paths, ok := o.Member("111111111111"); ok || id != "" || paths != nil || o.Lists("111111111111") || o.Accounts() != nil {
		t.Errorf("the nil organization has a member: %q %q %t", id, paths, ok)
	}
}

func TestParseOrganizationRefuses(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(goodOrganization, old) {
			t.Fatalf("the file does not contain %q", old)
		}
		return strings.Replace(goodOrganization, old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "organization.yaml: the file is empty"},
		{"unknown key", goodOrganization + "root: r-ab12\n", `organization.yaml:5:1: unknown key "root"; fix its name, or remove it`},
		{"no id", change("id: o-a1b2c3d4e5\n", ""), `organization.yaml:1:1: id "" is not the id of an organization; write it, such as o-a1b2c3d4e5`},
		{"id of another form", change("id: o-a1b2c3d4e5", "id: o-A1"), `organization.yaml:1:5: id "o-A1" is not the id of an organization; write it`},
		{"no accounts", "id: o-a1b2c3d4e5\n", "organization.yaml:1:1: no member account is listed; list the member accounts, each with its path"},
		{"account of eleven digits", change(`"222222222222"`, `"22222222222"`), `organization.yaml:4:18: account "22222222222" is not valid; write twelve digits in quotes`},
		{"account twice", change(`"222222222222"`, `"111111111111"`), `organization.yaml:4:3: key "111111111111" is already in line 3; keep one of the two`},
		{"no path", change("o-a1b2c3d4e5/r-ab12/\n", "\n"), `organization.yaml:3:`},
		{"path without its last slash", change("ou-ab12-22222222/", "ou-ab12-22222222"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222" is not valid; write o-a1b2c3d4e5/ROOT/ and the organizational units from there, each followed by a slash, such as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`},
		{"path of another organization", change("o-a1b2c3d4e5/r-ab12/ou", "o-b1b2c3d4e5/r-ab12/ou"), `organization.yaml:4:19: path "o-b1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/" is not in organization "o-a1b2c3d4e5"; correct the path or the id of the organization`},
		{"path without a root", change("o-a1b2c3d4e5/r-ab12/\n", "o-a1b2c3d4e5/\n"), "write o-a1b2c3d4e5/ROOT/"},
		{"empty unit", change("ou-ab12-11111111/", "/"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12//ou-ab12-22222222/": "" is not an organizational unit below root r-ab12; write the unit's id, ou-ab12-…`},
		{"unit of another root", change("ou-ab12-22222222", "ou-cd34-22222222"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-cd34-22222222/": "ou-cd34-22222222" is not an organizational unit below root r-ab12; write the unit's id, ou-ab12-…`},
		{"wildcard", change("ou-ab12-22222222", "*"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*/": "*" is not an organizational unit below root r-ab12; write the unit's id, ou-ab12-…`},
		{"management account that is not a member", goodOrganization + "managementAccount: \"333333333333\"\n", `organization.yaml:5:20: managementAccount "333333333333" is not one of the accounts; add it there with its path`},
		{"too deep", change("ou-ab12-22222222/", strings.Repeat("ou-ab12-22222222/", 5)), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/ou-ab12-22222222/ou-ab12-22222222/ou-ab12-22222222/ou-ab12-22222222/" has more than 5 organizational units; remove units from the path`},
		{"a second root", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-cd34/\n", `organization.yaml:5:19: path "o-a1b2c3d4e5/r-cd34/" has root r-cd34, but the path of account "111111111111" has root r-ab12`},
		{"a unit is absent from a path", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/\n", `organization.yaml:5:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/" has ou-ab12-22222222 below r-ab12, but the path of account "222222222222" has it below ou-ab12-11111111`},
		{"units in another order", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/ou-ab12-11111111/\n", " has ou-ab12-22222222 below r-ab12, but the path"},
		{"a unit below itself", change("ou-ab12-22222222", "ou-ab12-11111111"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-11111111/" has ou-ab12-11111111 below ou-ab12-11111111`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := ParseOrganization([]byte(c.text), awsexport.OrganizationDescription{})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("organization %v, error %v; want %q", o, err, c.want)
			}
		})
	}
}

// TestParseOrganizationReportsAllFaults checks that independent faults are reported, in
// order, and none that follows from another.
func TestParseOrganizationReportsAllFaults(t *testing.T) {
	const text = `id: o-a1b2c3d4e5
managementAccount: "999999999999"
accounts:
  "111111111111": o-a1b2c3d4e5/r-ab12/
  "2": o-a1b2c3d4e5/r-ab12/
  "333333333333": [o-a1b2c3d4e5/r-ab12/]
  "444444444444": o-a1b2c3d4e5/r-cd34/
outside: ["111111111111", x, 5]
`
	described := awsexport.OrganizationDescription{ID: "o-ffffffffff", ManagementAccount: "111111111111"}
	want := `organization.yaml:1:5: id "o-a1b2c3d4e5" is not the id "o-ffffffffff" in organization/organization.json; remove the wrong one
organization.yaml:2:20: managementAccount "999999999999" is not the MasterAccountId "111111111111" in organization/organization.json; remove the wrong one
organization.yaml:5:8: account "2" is not valid; write twelve digits in quotes
organization.yaml:6:19: a list is given where a string is expected; write a string
organization.yaml:7:19: path "o-a1b2c3d4e5/r-cd34/" has root r-cd34, but the path of account "111111111111" has root r-ab12, and an organization has only one root; correct one of the paths
organization.yaml:8:11: account "111111111111" is listed in both accounts and outside; remove it from one
organization.yaml:8:27: account "x" is not valid; write twelve digits in quotes
organization.yaml:8:30: 5 is a number, not a string; put it in quotes`
	if _, err := ParseOrganization([]byte(text), described); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestTargets checks the ids of an account's path, and the accounts below each id.
func TestTargets(t *testing.T) {
	o, err := ParseOrganization([]byte(goodOrganization), awsexport.OrganizationDescription{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := o.Targets("222222222222"), []string{"r-ab12", "ou-ab12-11111111", "ou-ab12-22222222", "222222222222"}; !slices.Equal(got, want) {
		t.Errorf("targets %q, want %q", got, want)
	}
	if below := o.Below(); len(below) != 5 || len(below["r-ab12"]) != 2 || !below["ou-ab12-22222222"]["222222222222"] || len(below["ou-ab12-11111111"]) != 1 {
		t.Errorf("below %v", below)
	}
}
