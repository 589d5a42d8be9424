package sts

import (
	"fmt"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"
	"extauthz/iam/iamtest"
)

// chaining returns alice, bob and the role runner, and roles with different trust
// policies. boundary is alice's; "" for none.
func chaining(t testing.TB, boundary string) *Entities {
	t.Helper()
	may := iamtest.Policy(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"`+role+`delegated"}}`)
	alice := Entity{ARN: aliceARN, Identity: []*iam.Policy{may}, Tags: []Tag{{"team", "blue"}}}
	if boundary != "" {
		alice.Boundary = []*iam.Policy{iamtest.Policy(t, iam.PermissionsBoundary, boundary)}
	}
	const call = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	named := `{"AWS":["` + aliceARN + `","` + bobARN + `","` + role + `runner"]}`
	entities := NewEntities(nil, nil)
	for _, entity := range []Entity{
		alice, {ARN: bobARN}, {ARN: role + "runner", ID: "AROARUNNER", Identity: []*iam.Policy{may}, Tags: []Tag{{"stage", "test"}}},
		{ARN: role + "delegated", Trust: iamtest.Trust(t, `{"AWS":"123456789012"}`, call, "")},
		{ARN: role + "named", Trust: iamtest.Trust(t, named, call, ""), Tags: []Tag{{"stage", "prod"}}},
		{ARN: role + "blue", Trust: iamtest.Trust(t, named, call, `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`)},
		{ARN: role + "plain", Trust: iamtest.Trust(t, named, `"sts:AssumeRole"`, "")},
		{ARN: role + "web", Trust: iamtest.Trust(t, `{"Federated":"`+gitlabProvider+`"}`, web, "")},
		{ARN: role + "untrusting"},
		{ARN: "arn:aws:iam::999999999999:role/abroad", Trust: iamtest.Trust(t, named, call, "")},
	} {
		if err := entities.Add(entity); err != nil {
			t.Fatal(err)
		}
	}
	return entities
}

const bobARN = "arn:aws:iam::123456789012:user/dev/bob"

func TestAssumeRole(t *testing.T) {
	const (
		denied     = "is not authorized to perform: sts:AssumeRole"
		allowECR   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`
		denyAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`
	)
	alice, bob := CallerSpec{Principal: aliceARN}, CallerSpec{Principal: bobARN}
	runner := CallerSpec{Principal: session + "runner/build"}
	limited := CallerSpec{Principal: session + "runner/build", SessionPolicies: []*iam.Policy{iamtest.Policy(t, iam.SessionPolicy, allowECR)}}
	known := CallerSpec{Principal: session + "runner/build", SourceIdentity: "alice"}
	for _, c := range []struct {
		name, boundary, role string
		by                   CallerSpec
		claims               claims
		reason               string // "" where the role is assumed
	}{
		{name: "trusts the user", role: "named", by: bob},
		{name: "trusts the account, and the user's policies allow", role: "delegated", by: alice},
		{name: "trusts the account, and the user's policies do not", role: "delegated", by: bob, reason: denied},
		{name: "the boundary does not allow", boundary: allowECR, role: "delegated", by: alice, reason: denied},
		{name: "the boundary denies, though the user is named", boundary: denyAssume, role: "named", by: alice, reason: denied},
		{name: "a tag of the user", role: "blue", by: alice},
		{name: "a tag that the caller does not have", role: "blue", by: bob, reason: denied},
		{name: "trusts a provider", role: "web", by: alice, reason: denied},
		{name: "without a trust policy", role: "untrusting", by: alice, reason: denied},
		{name: "a role that does not exist", role: "missing", by: alice, reason: denied},
		{name: "a user, and no role", role: "../user/dev/bob", by: alice, reason: denied},
		{name: "a session, whose role's policies allow", role: "delegated", by: runner},
		{name: "a session, whose policy does not", role: "delegated", by: limited, reason: denied},
		{name: "tags are passed", role: "plain", by: alice, claims: claims{flatTagPrefix + "team": "red"}, reason: "sts:TagSession"},
		{name: "a source identity is passed", role: "plain", by: alice, claims: claims{sourceIdentityClaim: "alice"}, reason: "sts:SetSourceIdentity"},
		{name: "the session's source identity has to be set again", role: "plain", by: known, reason: "sts:SetSourceIdentity"},
		{name: "the session's source identity", role: "named", by: known},
		{name: "the same source identity", role: "named", by: known, claims: claims{sourceIdentityClaim: "alice"}},
		{name: "another source identity", role: "named", by: known, claims: claims{sourceIdentityClaim: "bob"}, reason: "is not that of the calling session"},
		{name: "a root user", role: "named", by: CallerSpec{Principal: "arn:aws:iam::123456789012:root"}, reason: "cannot assume roles"},
		{name: "a service", role: "named", by: CallerSpec{Principal: "ci.amazonaws.com"}, reason: "cannot assume roles"},
		{name: "a federated user", role: "named", by: CallerSpec{Principal: "arn:aws:sts::123456789012:federated-user/carol", FederatedBy: aliceARN}, reason: "cannot assume roles"},
	} {
		t.Run(c.name, func(t *testing.T) {
			entities := chaining(t, c.boundary)
			by, err := entities.Caller(&c.by)
			if err != nil {
				t.Fatal(err)
			}
			output, err := entities.AssumeRole(&by, gitlabs(t, c.role, c.claims))
			check(t, output.Caller, err, session+c.role+"/gitlab", c.reason)
		})
	}
}

// TestAssumeRoleElsewhere checks that the caller's own policies must allow a role of
// another account, and that a principal without policies assumes no role.
func TestAssumeRoleElsewhere(t *testing.T) {
	entities := chaining(t, "")
	r := gitlabs(t, "", nil)
	r.RoleARN = "arn:aws:iam::999999999999:role/abroad"
	alice, err := entities.Caller(&CallerSpec{Principal: aliceARN})
	if err != nil {
		t.Fatal(err)
	}
	output, err := entities.AssumeRole(&alice, r)
	check(t, output.Caller, err, "", "is not authorized to perform: sts:AssumeRole")
	output, err = entities.AssumeRole(&CallerIdentity{}, r)
	check(t, output.Caller, err, "", "cannot assume roles")
}

// TestAssumeRoleWithParameters checks what a request without a token passes.
func TestAssumeRoleWithParameters(t *testing.T) {
	entities := chaining(t, "")
	for _, e := range []Entity{
		{ARN: role + "external", Trust: iamtest.Trust(t, `{"AWS":"`+bobARN+`"}`, `"sts:AssumeRole"`, `{"StringEquals":{"sts:ExternalId":"customer/7"}}`)},
		{ARN: role + "ends", Trust: iamtest.Trust(t, `{"AWS":"`+role+`runner"}`, `["sts:AssumeRole","sts:TagSession"]`, `{"StringEquals":{"aws:RequestTag/team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["team","ref"],"sts:TransitiveTagKeys":["team"]}}`)},
	} {
		if err := entities.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	bob := CallerSpec{Principal: bobARN}
	tagged := CallerSpec{Principal: session + "runner/build", Tags: []Tag{{"team", "red"}, {"job", "build"}}, TransitiveTagKeys: []string{"team"}}
	for _, c := range []struct {
		name   string
		by     CallerSpec
		input  AssumeRoleInput
		reason string
		tags   string // of the session, with their transitive keys
	}{
		{name: "an external id", by: bob, input: AssumeRoleInput{RoleARN: role + "external", ExternalID: "customer/7"}, tags: "[] []"},
		{name: "another external id", by: bob, input: AssumeRoleInput{RoleARN: role + "external", ExternalID: "customer/8"}, reason: "is not authorized"},
		{name: "no external id", by: bob, input: AssumeRoleInput{RoleARN: role + "external"}, reason: "is not authorized"},
		{name: "an external id that is not valid", by: bob, input: AssumeRoleInput{RoleARN: role + "external", ExternalID: "a b"}, reason: "external id"},
		{name: "tags", by: bob, input: AssumeRoleInput{RoleARN: role + "named", Tags: []Tag{{"a", "1"}, {"b", "2"}}, TransitiveTagKeys: []string{"b"}}, tags: "[{a 1} {b 2}] [b]"},
		{name: "a transitive tag that is absent", by: bob, input: AssumeRoleInput{RoleARN: role + "named", TransitiveTagKeys: []string{"b"}}, reason: `the tag "b" is transitive`},
		{name: "a source identity that needs a permission", by: bob, input: AssumeRoleInput{RoleARN: role + "plain", SourceIdentity: "bob"}, reason: "sts:SetSourceIdentity"},
		{name: "a source identity that is not valid", by: bob, input: AssumeRoleInput{RoleARN: role + "named", SourceIdentity: "b"}, reason: "fewer than 2"},
		{name: "inherited tags", by: tagged, input: AssumeRoleInput{RoleARN: role + "ends"}, tags: "[{team red}] [team]"},
		{name: "inherited tags and others", by: tagged, input: AssumeRoleInput{RoleARN: role + "ends", Tags: []Tag{{"ref", "main"}}}, tags: "[{ref main} {team red}] [team]"},
		{name: "inherited tags and a tag too many", by: tagged, input: AssumeRoleInput{RoleARN: role + "ends", Tags: []Tag{{"x", "y"}}}, reason: "sts:"},
		{name: "inherited tags need a permission", by: tagged, input: AssumeRoleInput{RoleARN: role + "plain"}, reason: "sts:TagSession"},
		{name: "50 tags and an inherited one", by: tagged, input: AssumeRoleInput{RoleARN: role + "named", Tags: tagsOf(50)}, reason: "too many tags: 51"},
		{name: "a tag with the key of an inherited one", by: tagged, input: AssumeRoleInput{RoleARN: role + "named", Tags: []Tag{{"Team", "blue"}}}, reason: "conflicts with a transitive tag key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			by, err := entities.Caller(&c.by)
			if err != nil {
				t.Fatal(err)
			}
			c.input.SessionName = "build"
			output, err := entities.AssumeRole(&by, &c.input)
			check(t, output.Caller, err, session+strings.TrimPrefix(c.input.RoleARN, role)+"/build", c.reason)
			if err == nil {
				if got := fmt.Sprint(output.Caller.Spec.Tags, output.Caller.Spec.TransitiveTagKeys); got != c.tags {
					t.Errorf("tags %s, want %s", got, c.tags)
				}
			}
		})
	}
}

// TestAssumeRoleSession checks that the second session of a chain inherits the source
// identity, and no tag that is not transitive.
func TestAssumeRoleSession(t *testing.T) {
	entities := chaining(t, "")
	by, err := entities.Caller(&CallerSpec{Principal: session + "runner/build", Tags: []Tag{{"job", "build"}}, SourceIdentity: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	output, err := entities.AssumeRole(&by, gitlabs(t, "named", claims{flatTagPrefix + "ref": "main"}))
	check(t, output.Caller, err, session+"named/gitlab", "")
	iamtest.CheckKeys(t, output.Caller.Context, map[string]string{
		"aws:SourceIdentity": "alice", "aws:PrincipalTag/job": "", "aws:PrincipalTag/ref": "main", "aws:PrincipalTag/stage": "prod",
		"aws:FederatedProvider": "", "aws:PrincipalArn": role + "named", "aws:TokenIssueTime": "2026-03-01T11:59:00Z"})
}

// tagsOf returns a number of tags.
func tagsOf(n int) (tags []Tag) {
	for i := range n {
		tags = append(tags, Tag{fmt.Sprint("key", i), "x"})
	}
	return tags
}
