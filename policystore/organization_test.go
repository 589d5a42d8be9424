package policystore

import (
	"slices"
	"strings"
	"testing"
)

const goodOrganization = `id: o-a1b2c3d4e5
accounts:
  "111111111111": o-a1b2c3d4e5/r-ab12/
  "222222222222": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/
`

func TestLoadOrganization(t *testing.T) {
	o, err := loadOrganization(treeOf(map[string]string{"organization.yaml": goodOrganization}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account, path string // no path: no member
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

func TestNoOrganization(t *testing.T) {
	o, err := loadOrganization(treeOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	if id, paths, ok := o.Member("111111111111"); ok || id != "" || paths != nil {
		t.Errorf("without a file %q %q %t", id, paths, ok)
	}
}

func TestLoadOrganizationRefuses(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(goodOrganization, old) {
			t.Fatalf("the good file holds no %q", old)
		}
		return strings.Replace(goodOrganization, old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "organization.yaml: the file is empty"},
		{"unknown key", goodOrganization + "root: r-ab12\n", `organization.yaml:5:1: unknown key "root"; fix its name, or remove it`},
		{"no id", change("id: o-a1b2c3d4e5\n", ""), `id "": write the organization's id`},
		{"id of another form", change("id: o-a1b2c3d4e5", "id: o-A1"), `organization.yaml:1:5: id "o-A1"`},
		{"no accounts", "id: o-a1b2c3d4e5\n", "accounts: name the member accounts"},
		{"account of eleven digits", change(`"222222222222"`, `"22222222222"`), `organization.yaml:4:18: account "22222222222": write twelve digits`},
		{"account twice", change(`"222222222222"`, `"111111111111"`), `organization.yaml:4:3: key "111111111111" is already in line 3; keep one of the two`},
		{"no path", change("o-a1b2c3d4e5/r-ab12/\n", "\n"), `organization.yaml:3:`},
		{"path without its last slash", change("ou-ab12-22222222/", "ou-ab12-22222222"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222": write o-a1b2c3d4e5/ROOT/`},
		{"path of another organization", change("o-a1b2c3d4e5/r-ab12/ou", "o-b1b2c3d4e5/r-ab12/ou"), "write o-a1b2c3d4e5/ROOT/"},
		{"path without a root", change("o-a1b2c3d4e5/r-ab12/\n", "o-a1b2c3d4e5/\n"), "write o-a1b2c3d4e5/ROOT/"},
		{"empty unit", change("ou-ab12-11111111/", "/"), `"" is no organizational unit below root r-ab12`},
		{"unit of another root", change("ou-ab12-22222222", "ou-cd34-22222222"), `"ou-cd34-22222222" is no organizational unit below root r-ab12; its id is ou-ab12-…`},
		{"wildcard", change("ou-ab12-22222222", "*"), `"*" is no organizational unit`},
		{"management account that is no member", goodOrganization + "managementAccount: \"333333333333\"\n", `organization.yaml:5:20: managementAccount "333333333333" is not among the accounts; add it there with its path`},
		{"too deep", change("ou-ab12-22222222/", strings.Repeat("ou-ab12-22222222/", 5)), "nest at most 5 deep"},
		{"a second root", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-cd34/\n", `organization.yaml:5:19: path "o-a1b2c3d4e5/r-cd34/": the root is r-cd34, and in the path of account "111111111111" it is r-ab12`},
		{"a unit is absent from a path", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/\n", `organization.yaml:5:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/": ou-ab12-22222222 is below r-ab12, and in the path of account "222222222222" it is below ou-ab12-11111111`},
		{"units in another order", goodOrganization + "  \"333333333333\": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/ou-ab12-11111111/\n", "ou-ab12-22222222 is below r-ab12, and in the path"},
		{"a unit below itself", change("ou-ab12-22222222", "ou-ab12-11111111"), `organization.yaml:4:19: path "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-11111111/": ou-ab12-11111111 is below ou-ab12-11111111`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := loadOrganization(treeOf(map[string]string{"organization.yaml": c.text}))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("organization %v, error %v; want %q", o, err, c.want)
			}
		})
	}
}
