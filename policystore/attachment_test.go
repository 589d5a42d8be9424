package policystore

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"extauthz/iam"
)

// Two units of an organization: account 123456789012 is below the first,
// 210987654321 below the second, and 345678901234 manages.
const (
	treeFile = `id: o-a1b2c3d4e5
managementAccount: "345678901234"
accounts:
  "345678901234": o-a1b2c3d4e5/r-ab12/
  "123456789012": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/
  "210987654321": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/ou-ab12-33333333/
`
	onlyReads = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}}`
	onlyEU    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-central-1"}}}}`
)

// described is the output of aws organizations describe-policy.
func described(id, name, typeOf, text string) string {
	return fmt.Sprintf(`{
    "Policy": {
        "PolicySummary": {
            "Id": %q,
            "Arn": "arn:aws:organizations::345678901234:policy/o-a1b2c3d4e5/x/%s",
            "Name": %q,
            "Description": "",
            "Type": %q,
            "AwsManaged": false
        },
        "Content": %q
    }
}
`, id, id, name, typeOf, text)
}

// listed is the output of aws organizations list-policies-for-target, of pairs of id
// and name.
func listed(typeOf string, policies ...string) string {
	var entries []string
	for i := 0; i < len(policies); i += 2 {
		entries = append(entries, fmt.Sprintf(`
        {"Id": %q, "Arn": "arn:aws:organizations::345678901234:policy/x", "Name": %q, "Description": "", "Type": %q, "AwsManaged": false}`, policies[i], policies[i+1], typeOf))
	}
	return "{\n    \"Policies\": [" + strings.Join(entries, ",") + "\n    ]\n}\n"
}

const (
	scpType = "SERVICE_CONTROL_POLICY"
	rcpType = "RESOURCE_CONTROL_POLICY"
)

// policiesOf returns the levels of an account, each as the sources of its policies.
func policiesOf(levels [][]*iam.Policy) string {
	var all []string
	for _, level := range levels {
		var sources []string
		for _, p := range level {
			source := strings.TrimPrefix(p.Source.File, "organization/")
			source, _, _ = strings.Cut(source, ".json")
			sources = append(sources, source[strings.LastIndexByte(source, ':')+1:])
		}
		all = append(all, strings.Join(sources, "+"))
	}
	return strings.Join(all, " ")
}

// Source: AWS Organizations User Guide, "SCP evaluation": the policies of the root,
// of each organizational unit on the path and of the account apply; API Reference,
// DetachPolicy: FullAWSAccess is attached until it is replaced.
func TestAttachedByID(t *testing.T) {
	const scp, rcp = "organization/scp/", "organization/rcp/"
	const full, rcpFull = "policy/service_control_policy/p-FullAWSAccess", "policy/resource_control_policy/p-RCPFullAWSAccess"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  map[string]string // by account: the levels of SCPs; RCPs
	}{
		{"the root, a unit and an account", map[string]string{
			scp + "r-ab12/full.json": fullAccess, scp + "ou-ab12-11111111/reads.json": onlyReads, scp + "123456789012/full.json": fullAccess,
		}, map[string]string{
			"123456789012": "scp/r-ab12/full scp/ou-ab12-11111111/reads scp/123456789012/full; ",
			"210987654321": "scp/r-ab12/full; ",
			"345678901234": "scp/r-ab12/full; ",
			"999999999999": "; ",
		}},
		{"nested units, in the order of the path", map[string]string{
			scp + "ou-ab12-33333333/b.json": fullAccess, scp + "ou-ab12-22222222/a.json": onlyEU, scp + "ou-ab12-22222222/full.json": fullAccess,
		}, map[string]string{
			"210987654321": "scp/ou-ab12-22222222/a+scp/ou-ab12-22222222/full scp/ou-ab12-33333333/b; ",
			"123456789012": "; ",
		}},
		{"RCPs of one unit", map[string]string{rcp + "ou-ab12-11111111/no.json": noBatch}, map[string]string{
			"123456789012": "; rcp/ou-ab12-11111111/no",
			"210987654321": "; ",
		}},
		{"outputs of describe-policy", map[string]string{
			scp + "r-ab12/p-11111111.json":           described("p-FullAWSAccess", "FullAWSAccess", scpType, fullAccess),
			scp + "ou-ab12-11111111/p-22222222.json": described("p-22222222", "only reads", scpType, onlyReads),
			rcp + "123456789012/p-33333333.json":     described("p-33333333", "no batch", rcpType, noBatch),
		}, map[string]string{
			"123456789012": "scp/r-ab12/p-11111111 scp/ou-ab12-11111111/p-22222222; rcp/123456789012/p-33333333",
		}},
		{"outputs of list-policies-for-target", map[string]string{
			scp + "r-ab12/policies.json":             listed(scpType, "p-FullAWSAccess", "FullAWSAccess"),
			scp + "ou-ab12-11111111/policies.json":   listed(scpType, "p-22222222", "only reads", "p-44444444", "only-eu"),
			scp + "ou-ab12-11111111/only-eu.json":    onlyEU,
			scp + "ou-ab12-11111111/p-22222222.json": described("p-22222222", "only reads", scpType, onlyReads),
			scp + "123456789012/attached.json":       listed(scpType, "p-FullAWSAccess", "FullAWSAccess"),
			rcp + "r-ab12/policies.json":             listed(rcpType),
			rcp + "123456789012/policies.json":       listed(rcpType, "p-RCPFullAWSAccess", "RCPFullAWSAccess"),
		}, map[string]string{
			"123456789012": full + " scp/ou-ab12-11111111/only-eu+scp/ou-ab12-11111111/p-22222222 " + full + ";  " + rcpFull,
		}},
	} {
		for name, files := range map[string]map[string]string{"folders": c.files, "a ConfigMap": flat(c.files)} {
			t.Run(c.name+" in "+name, func(t *testing.T) {
				files := maps.Clone(files)
				files[organizationPath] = treeFile
				s, err := load(t, withPolicies(files))
				if err != nil {
					t.Fatal(err)
				}
				for account, want := range c.want {
					_, policies := s.controls.above.Of(account)
					if got := policiesOf(policies.SCPs) + "; " + policiesOf(policies.RCPs); got != want {
						t.Errorf("account %s has\n     %s\nwant %s", account, got, want)
					}
				}
			})
		}
	}
}

// TestDecidedByTheUnit checks decisions for two accounts in two units, one with an allow
// list and one with a Deny by region.
func TestDecidedByTheUnit(t *testing.T) {
	open := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`
	contents := withPolicies(map[string]string{
		organizationPath:                               treeFile,
		"managed/open.json":                            open,
		"organization/scp/r-ab12/full.json":            fullAccess,
		"organization/scp/345678901234/no.json":        noPull,
		"organization/scp/ou-ab12-11111111/.keep":      "",
		"organization/scp/ou-ab12-11111111/reads.json": onlyReads,
		"organization/scp/ou-ab12-33333333/eu.json":    onlyEU,
		"organization/scp/ou-ab12-33333333/full.json":  fullAccess,
	})
	contents["registries.yaml"] += `- {name: second, hosts: [second], account: "210987654321", region: eu-central-1}
- {name: abroad, hosts: [abroad], account: "210987654321", region: us-east-1}
- {name: manager, hosts: [manager], account: "345678901234", region: us-east-1}
`
	contents["principals.yaml"] = `principals:
- {arn: "arn:aws:iam::123456789012:user/dev/alice", policies: [open]}
- {arn: "arn:aws:iam::210987654321:user/bob", policies: [open]}
- {arn: "arn:aws:iam::345678901234:user/max", policies: [open]}
credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/dev/alice"}
`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, user, registry, action string
		want                         iam.Decision
		by                           string // the source of the Deny
	}{
		{"the allow list has it", "123456789012:user/dev/alice", "a", "ecr:BatchGetImage", iam.Allowed, ""},
		{"the allow list lacks it", "123456789012:user/dev/alice", "a", "ecr:PutImage", iam.ImplicitDeny, ""},
		{"another unit, home region", "210987654321:user/bob", "second", "ecr:PutImage", iam.Allowed, ""},
		{"another unit, abroad", "210987654321:user/bob", "abroad", "ecr:PutImage", iam.ExplicitDeny, "organization/scp/ou-ab12-33333333/eu.json"},
		{"the management account is exempt", "345678901234:user/max", "manager", "ecr:BatchGetImage", iam.Allowed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			why := explained(t, s, "arn:aws:iam::"+c.user, c.registry, c.action)
			if why.Decision != c.want || c.by != "" && why.Matched[0].Policy.Source.String() != c.by {
				t.Errorf("%s by %s: %v", why.Decision, why.BlockedBy, why.Matched)
			}
		})
	}
}

func TestAttachedByIDRefused(t *testing.T) {
	const scp = "organization/scp/"
	const unit = scp + "ou-ab12-11111111/"
	reads := described("p-22222222", "only reads", scpType, onlyReads)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no organization.yaml", map[string]string{unit + "a.json": fullAccess, organizationPath: ""}, unit + `a.json: organization.yaml does not exist, so the accounts below "ou-ab12-11111111" are unknown; write it`},
		{"an id on no path", map[string]string{scp + "ou-ab12-44444444/a.json": fullAccess}, scp + `ou-ab12-44444444/a.json: "ou-ab12-44444444" is not on the path of any account in organization.yaml, so the policy would have no effect; fix the id`},
		{"another root", map[string]string{scp + "r-cd34/a.json": fullAccess}, `"r-cd34" is not on the path of any account`},
		{"an account that is not a member", map[string]string{scp + "999999999999/a.json": fullAccess}, `"999999999999" is not on the path of any account`},
		{"a misspelled unit", map[string]string{scp + "ou-ab12-1/a.json": fullAccess}, scp + `ou-ab12-1/a.json: "ou-ab12-1" is not the id of a root (r-ab12), organizational unit (ou-ab12-11111111) or account (12 digits); rename the folder`},
		{"an account of eleven digits", map[string]string{scp + "12345678901/a.json": fullAccess}, `"12345678901" is not the id of`},
		{"a root in upper case", map[string]string{scp + "R-AB12/a.json": fullAccess}, `"R-AB12" is not the id of`},
		{"levels and ids", map[string]string{scp + "0-root/a.json": fullAccess, unit + "a.json": fullAccess}, scp + `0-root/a.json: folder "0-root" is a level of every account, while organization/scp/ou-ab12-11111111 belongs to one id of AWS Organizations; move its files to organization/scp/ID, where ID is`},
		{"levels of RCPs and ids", map[string]string{"organization/rcp/0-root/a.json": noBatch, unit + "a.json": fullAccess}, `organization/rcp/0-root/a.json: folder "0-root" is a level`},
		{"listed and not there", map[string]string{unit + "policies.json": listed(scpType, "p-22222222", "only reads")}, unit + `policies.json:3:9: policy "only reads" is attached to "ou-ab12-11111111" and is not in the directory; save the output of aws organizations describe-policy --policy-id p-22222222 as ` + unit + `p-22222222.json`},
		{"there and not listed", map[string]string{unit + "policies.json": listed(scpType, "p-FullAWSAccess", "FullAWSAccess"), unit + "x.json": reads}, unit + `x.json: the policy is not in the list ` + unit + `policies.json, so it is not attached to "ou-ab12-11111111"; remove it, or save the list again`},
		{"a document that is not listed", map[string]string{unit + "policies.json": listed(scpType, "p-FullAWSAccess", "FullAWSAccess"), unit + "x.json": fullAccess}, unit + `x.json: the policy is not in the list`},
		{"two lists", map[string]string{unit + "a.json": listed(scpType, "p-FullAWSAccess", "FullAWSAccess"), unit + "b.json": listed(scpType, "p-FullAWSAccess", "FullAWSAccess")}, unit + `b.json: a second list of the policies of "ou-ab12-11111111", after ` + unit + `a.json; keep one`},
		{"a policy twice", map[string]string{unit + "a.json": reads, unit + "b.json": reads}, unit + `b.json: policy "p-22222222" is in ` + unit + `a.json too; keep one`},
		{"a policy as an output and as a document of its id", map[string]string{unit + "a.json": reads, unit + "p-22222222.json": fullAccess}, unit + `p-22222222.json: policy "p-22222222" is in ` + unit + `a.json too; keep one`},
		{"documents of a policy's name and of its id", map[string]string{unit + "a.json": listed(scpType, "p-22222222", "reads"), unit + "p-22222222.json": onlyReads, unit + "reads.json": fullAccess}, unit + `reads.json: policy "p-22222222" is in ` + unit + `p-22222222.json too, by its name or its id in ` + unit + `a.json; keep one`},
		{"two versions of a policy", map[string]string{unit + "a.json": reads, scp + "r-ab12/a.json": described("p-22222222", "only reads", scpType, fullAccess)}, scp + `r-ab12/a.json: policy "p-22222222" has another text in ` + unit + `a.json, so one of the two is out of date; save`},
		{"an empty list", map[string]string{unit + "a.json": listed(scpType)}, unit + "a.json:1:1: the list is empty"},
		{"a list that is truncated", map[string]string{unit + "a.json": `{"Policies": [], "NextToken": "x"}`}, unit + "a.json:1:18: the output is truncated (NextToken is set)"},
		{"a list of RCPs", map[string]string{unit + "a.json": listed(rcpType, "p-RCPFullAWSAccess", "RCPFullAWSAccess")}, `policy "RCPFullAWSAccess" is a RESOURCE_CONTROL_POLICY, and organization/scp has only policies of type SERVICE_CONTROL_POLICY`},
		{"a tag policy", map[string]string{unit + "a.json": described("p-22222222", "tags", "TAG_POLICY", "{}")}, `policy "tags" is a TAG_POLICY`},
		{"a policy without content", map[string]string{unit + "a.json": `{"Policy": {"PolicySummary": {"Id": "p-1", "Name": "n", "Type": "SERVICE_CONTROL_POLICY"}}}`}, `a.json:1:12: Policy lacks Content; save the output as it is`},
		{"a policy without summary", map[string]string{unit + "a.json": `{"Policy": {"Content": "{}"}}`}, `lacks PolicySummary`},
		{"an id of another form", map[string]string{unit + "a.json": `{"Policies": [{"Id": "p-1\nx", "Name": "n", "Type": "SERVICE_CONTROL_POLICY"}]}`}, `a.json:1:22: Id "p-1\nx" is not the id of a policy`},
		{"a summary without type", map[string]string{unit + "a.json": `{"Policies": [{"Id": "p-1", "Name": "n"}]}`}, `a.json:1:15: an entry of Policies (Name "n") lacks Type; save the output as it is`},
		{"a fault in the text", map[string]string{unit + "a.json": described("p-22222222", "n", scpType, strings.Replace(onlyEU, "Deny", "Dent", 1))}, unit + "a.json:11:20: in Content:1:47: Effect must be exactly"},
		{"a document next to an output", map[string]string{unit + "a.json": `{"Policy": {}, "Statement": []}`}, `lacks Content and PolicySummary`},
		{"a statement next to an output", map[string]string{unit + "a.json": `{"Statement": [], "Policy": {}}`}, `a.json:1:2: Statement is next to Policy`},
		{"a policy in the wrong place", map[string]string{"organization/full.json": fullAccess}, "organization/full.json: not a file of a policy directory, so its content would have no effect; move a policy to organization/scp/ID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := map[string]string{organizationPath: treeFile}
			maps.Copy(change, c.files)
			if change[organizationPath] == "" {
				delete(change, organizationPath)
			}
			refuses(t, small(), change, c.want)
		})
	}
}
