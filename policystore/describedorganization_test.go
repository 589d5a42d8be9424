package policystore

import (
	"strings"
	"testing"
)

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
