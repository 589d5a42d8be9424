package policystore

import (
	"maps"
	"testing"
)

// TestAccountsOutsideTheOrganization holds that control policies are lifted for no
// account by leaving it out of organization.yaml.
func TestAccountsOutsideTheOrganization(t *testing.T) {
	const (
		file     = "id: o-a1b2c3d4e5\naccounts:\n"
		member   = file + "  \"123456789012\": o-a1b2c3d4e5/r-ab12/\n"
		misspelt = file + "  \"123456789021\": o-a1b2c3d4e5/r-ab12/\n"
		outside  = "outside: [\"210987654321\"]\n"
		others   = "accounts/210987654321/authorization-details.json"
		nobody   = `{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
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
		{"the registry's account is misspelt", misspelt, nil, `registries.yaml:2:42: account "123456789012" is not in organization.yaml, so it would not be subject to any control policy; add it to accounts there, or to outside if it is not a member`},
		{"the registry's account is outside", misspelt + "outside: [\"123456789012\"]\n", nil, ""},
		{"an authorization", member, map[string]string{others: nobody}, others + `: account "210987654321" is not in`},
		{"an authorization outside", member + outside, map[string]string{others: nobody}, ""},
		{"a user", member, user, `principals.yaml:11:3: account "210987654321" is not in`},
		{"a user outside", member + outside, user, ""},
		{"a root user", member, root, `principals.yaml:2:3: account "210987654321" is not in`},
		{"a root user outside", member + outside, root, ""},
		{"inside and outside", member + "outside: [\"123456789012\"]\n", nil, `organization.yaml:4:11: account "123456789012" is in accounts too; keep one of the two`},
		{"outside is no account", member + "outside: [\"12\"]\n", nil, `organization.yaml:4:11: account "12" is not valid; write twelve digits in quotes`},
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
