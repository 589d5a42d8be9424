package policystore

import (
	"testing"

	"extauthz/iam"
)

const (
	fullAccess = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	readAccess = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:Batch*"],"Resource":"*"}}`
	noPull     = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*"}}`
	noBatch    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage","Resource":"*"}}`
)

// withPolicies is the small directory with more files.
func withPolicies(more map[string]string) map[string]string {
	contents := small()
	for file, text := range more {
		contents[file] = text
	}
	return contents
}

// TestControlPolicies checks that every level must allow a request, and which accounts the
// control policies bind.
func TestControlPolicies(t *testing.T) {
	const member = "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n"
	const stranger = "id: o-a1b2c3d4e5\naccounts: {\"999999999999\": o-a1b2c3d4e5/r-ab12/}\noutside: [\"123456789012\"]\n"
	const scp, rcp = "organization/scp/", "organization/rcp/"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  iam.Decision
		by    iam.Class
	}{
		{"none", nil, iam.Allowed, iam.NoClass},
		{"every level allows", map[string]string{scp + "0-root/full.json": fullAccess, scp + "1-account/read.json": readAccess}, iam.Allowed, iam.NoClass},
		{"one level allows nothing", map[string]string{scp + "0-root/full.json": fullAccess, scp + "1-account/deny.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}, iam.ImplicitDeny, iam.SCPClass},
		{"a level denies", map[string]string{scp + "0-root/full.json": fullAccess, scp + "0-root/no.json": noPull}, iam.ExplicitDeny, iam.SCPClass},
		{"a level denies, for a member", map[string]string{scp + "0/a.json": fullAccess, scp + "0/b.json": noPull, organizationPath: member}, iam.ExplicitDeny, iam.SCPClass},
		{"a level denies, for others", map[string]string{scp + "0/a.json": noPull, organizationPath: stranger}, iam.Allowed, iam.NoClass},
		{"a level denies, except the management account", map[string]string{scp + "0/a.json": noPull, organizationPath: member + "managementAccount: \"123456789012\"\n"}, iam.Allowed, iam.NoClass},
		{"an RCP denies", map[string]string{rcp + "0/no.json": noBatch}, iam.ExplicitDeny, iam.RCPClass},
		{"an RCP denies, for others", map[string]string{rcp + "0/no.json": noBatch, organizationPath: stranger}, iam.Allowed, iam.NoClass},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, withPolicies(c.files))
			if err != nil {
				t.Fatal(err)
			}
			if why := decidedForAlice(t, s, "ecr:BatchGetImage", "team/app"); why.Decision != c.want || why.BlockedBy != c.by {
				t.Errorf("%s by %s, want %s by %s", why.Decision, why.BlockedBy, c.want, c.by)
			}
			policies := len(c.files)
			if c.files[organizationPath] != "" {
				policies--
			}
			if s.Summary.ControlPolicies != policies {
				t.Errorf("%d control policies, want %d", s.Summary.ControlPolicies, policies)
			}
		})
	}
}

// TestLevels checks that levels are in the order of their names, not of their paths.
func TestLevels(t *testing.T) {
	c := compilerOf(map[string]string{
		"organization/scp/a-b/x.json": fullAccess, "organization/scp/a/y.json": fullAccess,
		"organization/scp/a/z.json": fullAccess, "organization/rcp/0/x.json": noBatch,
	})
	all := c.loadControls(nil, true)
	if err := c.faults.Err(); err != nil {
		t.Fatal(err)
	}
	_, everyone := all.above.Of("123456789012")
	levels := everyone.SCPs
	if len(levels) != 2 || len(levels[0]) != 2 || levels[0][1].Source.File != "organization/scp/a/z.json" || levels[1][0].Source.File != "organization/scp/a-b/x.json" || len(everyone.RCPs) != 1 {
		t.Errorf("levels %v", everyone)
	}
}

func TestControlPoliciesRefused(t *testing.T) {
	for _, c := range []struct {
		name, file, text, want string
	}{
		{"an RCP that allows", "organization/rcp/0/a.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":"*"}}`, "organization/rcp/0/a.json:1:47: a resource control policy only denies"},
		{"an SCP with a principal", "organization/scp/0/a.json", denyAll, "organization/scp/0/a.json:1:"},
		{"an SCP of the old version", "organization/scp/0/a.json", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, `organization/scp/0/a.json:1:1: a service control policy must have "Version": "2012-10-17"`},
		{"an SCP without level", "organization/scp/a.json", fullAccess, "organization/scp/a.json: not a file of a policy directory"},
		{"an SCP in a folder of its level", "organization/scp/0/a/b.json", fullAccess, "organization/scp/0/a/b.json: not a file of a policy directory"},
		{"another kind", "organization/scps/0/a.json", fullAccess, "organization/scps/0/a.json: not a file of a policy directory"},
		{"one that uses ids", "organization/scp/0/a.json", noPull[:len(noPull)-2] + `,"Condition":{"StringLike":{"aws:userid":"AIDA*"}}}}`, "organization/scp/0/a.json: uses aws:userid"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, small(), map[string]string{c.file: c.text}, c.want) })
	}
}
