package policystore

import (
	"maps"
	"strings"
	"testing"
)

const goodOrganization = `id: o-a1b2c3d4e5
accounts:
  "111111111111": o-a1b2c3d4e5/r-ab12/
  "222222222222": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/
`

// TestNoOrganization checks that an organization is optional.
func TestNoOrganization(t *testing.T) {
	o, err := loadOrganization(treeOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	if id, paths, ok := o.Member("111111111111"); ok || id != "" || paths != nil {
		t.Errorf("without a file %q %q %t", id, paths, ok)
	}
}

// theOrganization is the output of aws organizations describe-organization.
const theOrganization = `{
    "Organization": {
        "Id": "o-a1b2c3d4e5",
        "Arn": "arn:aws:organizations::333333333333:organization/o-a1b2c3d4e5",
        "FeatureSet": "ALL",
        "MasterAccountArn": "arn:aws:organizations::333333333333:account/o-a1b2c3d4e5/333333333333",
        "MasterAccountId": "333333333333",
        "MasterAccountEmail": "aws@example.com",
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    }
}
`

func TestDescribedOrganization(t *testing.T) {
	noID := strings.Replace(goodOrganization, "id: o-a1b2c3d4e5\n", "", 1)
	swap := func(old, new string) string { return strings.Replace(theOrganization, old, new, 1) }
	for _, c := range []struct {
		name, ours, output string
		want               string // an error; "" loads
	}{
		{"both say the id", goodOrganization, theOrganization, ""},
		{"the output alone has the id", noID, theOrganization, ""},
		{"both name the management account", strings.Replace(goodOrganization, "111111111111", "333333333333", 1) + "managementAccount: \"333333333333\"\n", theOrganization, ""},
		{"another id", goodOrganization, swap(`"Id": "o-a1b2c3d4e5"`, `"Id": "o-b1b2c3d4e5"`), `organization.yaml:1:5: id "o-a1b2c3d4e5" is not the id "o-b1b2c3d4e5" in organization/organization.json`},
		{"another management account", goodOrganization + "managementAccount: \"111111111111\"\n", theOrganization, `organization.yaml:5:20: managementAccount "111111111111" is not the MasterAccountId "333333333333"`},
		{"no organization.yaml", "", theOrganization, "organization/organization.json: organization.yaml does not exist"},
		{"no id", goodOrganization, swap(`"Id": "o-a1b2c3d4e5",`, ""), `organization/organization.json:2:21: Organization (MasterAccountId "333333333333") lacks Id; save the output as it is`},
		{"no management account", goodOrganization, swap("MasterAccountId", "Master"), `Organization (Id "o-a1b2c3d4e5") lacks MasterAccountId`},
		{"an id of another form", goodOrganization, swap(`"Id": "o-`, `"Id": "O-`), `organization/organization.json:3:15: Id "O-a1b2c3d4e5" is not the id of an organization`},
		{"an account of another form", goodOrganization, swap(`"333333333333"`, `"3"`), `MasterAccountId "3" is not an account of 12 digits`},
		{"another output", goodOrganization, `{"Accounts": []}`, "organization/organization.json:1:1: the output lacks Organization"},
		{"neither has the id", noID, "", `organization.yaml:1:1: id "" is not the id of an organization; write it, such as o-a1b2c3d4e5`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			if c.ours != "" {
				files[organizationPath] = c.ours
			}
			if c.output != "" {
				files[describedOrganizationPath] = c.output
			}
			o, err := loadOrganization(treeOf(files))
			switch {
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %s", err, c.want)
			case c.want == "" && err != nil:
				t.Errorf("error %v", err)
			case c.want == "":
				if id, _, ok := o.Member(o.Accounts()[0]); !ok || id != "o-a1b2c3d4e5" || o.ManagementAccount != "333333333333" {
					t.Errorf("organization %+v", o)
				}
			}
		})
	}
}

// TestAccountsOutsideTheOrganization checks that each account must be in organization.yaml,
// so that control policies are not lifted by a misspelled account.
func TestAccountsOutsideTheOrganization(t *testing.T) {
	const (
		file       = "id: o-a1b2c3d4e5\naccounts:\n"
		member     = file + "  \"123456789012\": o-a1b2c3d4e5/r-ab12/\n"
		misspelled = file + "  \"123456789021\": o-a1b2c3d4e5/r-ab12/\n"
		outside    = "outside: [\"210987654321\"]\n"
		others     = "accounts/210987654321/authorization-details.json"
		empty      = `{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	)
	principals := small()["principals.yaml"]
	user := map[string]string{"principals.yaml": principals + "- arn: arn:aws:iam::210987654321:user/bob\n"}
	root := map[string]string{"principals.yaml": "credentials:\n- {dns: other, principal: \"arn:aws:iam::210987654321:root\"}\n" + principals[len("credentials:\n"):]}
	for _, c := range []struct {
		name, organization string
		more               map[string]string
		want               string // "" loads
	}{
		{"a member", member, nil, ""},
		{"the registry's account is misspelled", misspelled, nil, `registries.yaml:2:42: account "123456789012" is not in organization.yaml, so it would not be subject to any control policy; add it to accounts there, or to outside if it is not a member`},
		{"the registry's account is outside", misspelled + "outside: [\"123456789012\"]\n", nil, ""},
		{"an output of an account", member, map[string]string{others: empty}, others + `: account "210987654321" is not in`},
		{"an output of an account outside", member + outside, map[string]string{others: empty}, ""},
		{"a user", member, user, `principals.yaml:11:3: account "210987654321" is not in`},
		{"a user outside", member + outside, user, ""},
		{"a root user", member, root, `principals.yaml:2:3: account "210987654321" is not in`},
		{"a root user outside", member + outside, root, ""},
		{"an account that is inside and outside", member + "outside: [\"123456789012\"]\n", nil, `organization.yaml:4:11: account "123456789012" is listed in both accounts and outside; remove it from one`},
		{"an outside account that is not valid", member + "outside: [\"12\"]\n", nil, `organization.yaml:4:11: account "12" is not valid; write twelve digits in quotes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := map[string]string{organizationPath: c.organization, "organization/scp/0/full.json": fullAccess}
			maps.Copy(change, c.more)
			if c.want != "" {
				refuses(t, small(), change, c.want)
			} else if _, err := load(t, withPolicies(change)); err != nil {
				t.Error(err)
			}
			delete(change, "organization/scp/0/full.json")
			if _, err := load(t, withPolicies(change)); err != nil && c.more != nil {
				t.Errorf("without control policies: %v", err)
			}
		})
	}
}
