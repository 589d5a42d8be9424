package policystore

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"extauthz/iam"
)

const authorizationPlace = "accounts/123456789012/authorization-details.json"

// exported is a directory whose users and roles come from an output of the AWS CLI.
func exported(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/authorization-details.json")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"registries.yaml":  small()["registries.yaml"],
		"htpasswd":         aliceHash,
		authorizationPlace: string(text),
		"principals.yaml": `credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/dev/alice"}
- {uri: "spiffe://example.com/ci", principal: "arn:aws:sts::123456789012:assumed-role/ci/build", sessionPolicies: ["arn:aws:iam::123456789012:policy/teams/push-team"]}
`,
	}
}

// TestAuthorization checks decisions about the users and roles of an output, and the
// positions of the statements that decided.
func TestAuthorization(t *testing.T) {
	s, err := load(t, exported(t))
	if err != nil {
		t.Fatal(err)
	}
	const (
		alice       = "arn:aws:iam::123456789012:user/dev/alice"
		bob         = "arn:aws:iam::123456789012:user/bob"
		ci          = "arn:aws:sts::123456789012:assumed-role/ci/run"
		replication = "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForECRReplication/run"
		repository  = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	)
	cases := []struct {
		name, caller, action, resource string
		want                           iam.Decision
		place                          string // of the statement that decided, in the output
	}{
		{"inline policy", alice, "ecr:ListImages", repository + "notes", iam.Allowed, ":15:29"},
		{"attached policy, with a tag", alice, "ecr:PutImage", repository + "blue/app", iam.Allowed, ":209:29"},
		{"attached policy, of another team", alice, "ecr:PutImage", repository + "red/app", iam.ImplicitDeny, ""},
		{"not by an older version", alice, "ecr:DeleteRepository", repository + "blue/app", iam.ImplicitDeny, ""},
		{"boundary", alice, "ecr:PutImage", repository + "blue/frozen", iam.ExplicitDeny, ":266:29"},
		{"a group's inline policy", alice, "ecr:BatchDeleteImage", repository + "blue/app", iam.ExplicitDeny, ":69:38"},
		{"a group's attached policy, AWS's", alice, "ecr:BatchGetImage", repository + "any", iam.Allowed, ""},
		{"nothing attached", bob, "ecr:BatchGetImage", repository + "any", iam.ImplicitDeny, ""},
		{"AWS's policy as the account has it", ci, "ecr:ActionOfTheFuture", repository + "any", iam.Allowed, ":296:29"},
		{"and not as this program has it", ci, "ecr:BatchGetImage", repository + "any", iam.ImplicitDeny, ""},
		{"AWS's policy of another service", ci, "s3:GetObject", "arn:aws:s3:::bucket/object", iam.Allowed, ":328:38"},
		{"URL-encoded policy", replication, "ecr:ReplicateImage", repository + "any", iam.Allowed, ":185:39: in PolicyDocument:3:17"},
	}
	if len(cases) < 12 {
		t.Error("cases are missing")
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			caller, err := s.CallerNamed(c.caller)
			if err != nil {
				t.Fatal(err)
			}
			why := s.Decisions.Explain(&iam.Request{Principal: &caller.Principal, Context: caller.Context, Action: c.action, Resource: c.resource}, nil)
			if why.Decision != c.want {
				t.Fatalf("%s, want %s: %+v", why.Decision, c.want, why.Matched)
			}
			if m := why.Matched; c.place != "" && (len(m) == 0 || placeOf(m[0]) != authorizationPlace+c.place) {
				t.Errorf("decided by %s, want %s", placeOf(m[0]), c.place)
			}
		})
	}
}

// placeOf returns where a statement begins.
func placeOf(m iam.Match) string {
	return fmt.Sprintf("%s:%d:%d", m.Policy.Source, m.Statement.Start.Line, m.Statement.Start.Column)
}

// TestAuthorizationEntities checks ids, tags, boundaries and trust policies of the users and
// roles of an output.
func TestAuthorizationEntities(t *testing.T) {
	s, err := load(t, exported(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ caller, key, want string }{
		{"arn:aws:iam::123456789012:user/dev/alice", "aws:userid", "AIDAQQQQQQQQALICE0001"},
		{"arn:aws:iam::123456789012:user/dev/alice", "aws:PrincipalTag/Team", "blue"},
		{"arn:aws:sts::123456789012:assumed-role/ci/xy", "aws:userid", "AROAQQQQQQQQQQCI00005:xy"},
		{"arn:aws:sts::123456789012:assumed-role/ci/xy", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/build/ci"},
		{"arn:aws:sts::123456789012:assumed-role/ci/xy", "aws:PrincipalTag/stage", "test"},
		{"arn:aws:sts::123456789012:assumed-role/ci/xy", "aws:PrincipalTag/aws:cloudformation:stack-name", "build"},
	} {
		caller, err := s.CallerNamed(c.caller)
		if err != nil {
			t.Fatal(err)
		}
		if entry, _ := caller.Context.Lookup(c.key); entry.Value != c.want {
			t.Errorf("%s of %s is %q, want %q", c.key, c.caller, entry.Value, c.want)
		}
	}
	contents := s.Contents()
	places := map[string]int32{}
	for _, p := range contents.Principals {
		if p.File != authorizationPlace || p.ARN == "" {
			t.Errorf("principal %q is at %v", p.ARN, p.Position)
		}
		places[p.ARN] = p.Line
		if (p.Trust != nil) != strings.Contains(p.ARN, ":role/") {
			t.Errorf("%s has the trust policy %v", p.ARN, p.Trust)
		}
	}
	if s.Summary.Principals != 4 || places["arn:aws:iam::123456789012:user/bob"] != 46 {
		t.Errorf("%d principals at %v", s.Summary.Principals, places)
	}
	if len(contents.Policies) < 8 {
		t.Errorf("%d policies of the operator, want 8 at least", len(contents.Policies))
	}
	for _, policy := range contents.Policies {
		if at := policy.Statements[0].Start; policy.Source.File == authorizationPlace && at.Line == 296 {
			t.Errorf("AWS's own policy at %v is one of the operator's", at)
		}
	}
}

// TestSeveralAuthorizations checks that outputs of several accounts can be used together
// with principals.yaml, which may refer to their policies.
func TestSeveralAuthorizations(t *testing.T) {
	contents := exported(t)
	contents["accounts..210987654321..authorization-details.json"] = strings.NewReplacer("123456789012", "210987654321", "AIDAQ", "AIDAW", "AROAQ", "AROAW").Replace(contents[authorizationPlace])
	contents["principals.yaml"] += `principals:
- arn: arn:aws:iam::123456789012:user/carol
  id: AIDACAROL0001
  policies: ["arn:aws:iam::123456789012:policy/teams/push-team", "arn:aws:iam::aws:policy/service-role/BucketReader"]
  boundary: arn:aws:iam::123456789012:policy/limit
`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.Principals != 9 {
		t.Errorf("%d principals, want 9", s.Summary.Principals)
	}
	for _, arn := range []string{"arn:aws:iam::210987654321:user/dev/alice", "arn:aws:sts::210987654321:assumed-role/ci/xy", "arn:aws:iam::123456789012:user/carol"} {
		if _, err := s.CallerNamed(arn); err != nil {
			t.Error(err)
		}
	}
}

// TestAuthorizationRefused checks the faults of an output that is changed in one place, or
// of the files that refer to it.
func TestAuthorizationRefused(t *testing.T) {
	good := exported(t)
	swap := func(old, new string) map[string]string {
		if !strings.Contains(good[authorizationPlace], old) {
			t.Fatalf("the output holds no %q", old)
		}
		return map[string]string{authorizationPlace: strings.Replace(good[authorizationPlace], old, new, 1)}
	}
	text := func(text string) map[string]string { return map[string]string{authorizationPlace: text} }
	with := func(change map[string]string, file, text string) map[string]string {
		change[file] = text
		return change
	}
	principal := func(more string) map[string]string {
		return map[string]string{"principals.yaml": good["principals.yaml"] + "principals:\n" + more}
	}
	cases := []struct {
		name   string
		change map[string]string
		want   string
	}{
		{"empty", text(""), ":1:1: not JSON"},
		{"half", text(good[authorizationPlace][:5000]), ":137:29: not JSON"},
		{"an array", text("[]"), ":1:1: the output must be an object, not an array"},
		{"another output", text(`{"Users": []}`), ":1:1: UserDetailList is missing; save the output of aws iam get-account-authorization-details as it is"},
		{"no groups", swap(`"GroupDetailList"`, `"groupDetailList"`), ":1:1: GroupDetailList is missing"},
		{"null for a list", text(`{"UserDetailList": null}`), `:1:20: UserDetailList must be a list; write [] if it has no entries, or save the output again`},
		{"a list twice", swap("{", `{"Policies": [], `), `:192:5: "Policies" occurs twice`},
		{"truncated", swap("{", `{"IsTruncated": true, "Marker": "x", `), ":1:2: the output is truncated (IsTruncated is set)"},
		{"truncated, with a string", swap("{", `{"IsTruncated": "false", `), ":1:2: the output is truncated (IsTruncated is set)"},
		{"a marker", swap("{", `{"IsTruncated": false, "Marker": "x", `), ":1:24: the output is truncated (Marker is set)"},
		{"a list of one entry truncated", swap(`"GroupList"`, `"IsTruncated": true, "GroupList"`), ":25:13: the output is truncated (IsTruncated is set)"},
		{"versions truncated", swap(`"PolicyVersionList"`, `"Marker": "x", "PolicyVersionList"`), "the output is truncated (Marker is set)"},
		{"a list in two cases", swap("{", `{"policies": [], `), `:192:5: "Policies" and "policies" are both present, but AWS writes only one of them; save the output as it is`},
		{"a document in two cases", swap(`"PolicyDocument"`, `"policyDocument": {}, "PolicyDocument"`), `"PolicyDocument" and "policyDocument" are both present`},
		{"a version in two cases", swap(`"Document"`, `"document": {}, "Document"`), `"Document" and "document" are both present`},
		{"a token", swap("{", `{"NextToken": "x", `), ":1:2: the output is truncated (NextToken is set)"},
		{"of another account", map[string]string{authorizationPlace: "", strings.Replace(authorizationPlace, "123456789012", "210987654321", 1): good[authorizationPlace]},
			`accounts/210987654321/authorization-details.json:7:20: Arn "arn:aws:iam::123456789012:user/dev/alice" does not belong to account "210987654321"`},
		{"in a region", map[string]string{"accounts/123456789012/eu-central-1/authorization-details.json": good[authorizationPlace]}, "eu-central-1/authorization-details.json: not a file of a policy directory"},
		{"a user of another path", swap(`"Path": "/dev/"`, `"Path": "/"`), `:7:20: Arn "arn:aws:iam::123456789012:user/dev/alice" does not match path and name, which make it "arn:aws:iam::123456789012:user/alice"`},
		{"a user without name", swap(`"UserName": "alice",`, ""), `:3:9: an entry of UserDetailList (Arn "arn:aws:iam::123456789012:user/dev/alice") lacks UserName; save the output as it is`},
		{"a user instead of a role", swap(`"RoleName": "ci",
            "RoleId"`, `"UserName": "ci",
            "UserId"`), `:96:9: an entry of RoleDetailList (Arn "arn:aws:iam::123456789012:role/build/ci") lacks RoleName and RoleId; save the output as it is`},
		{"an ARN of another kind", swap(":user/dev/alice", ":role/dev/alice"), `:7:20: Arn "arn:aws:iam::123456789012:role/dev/alice" does not match path and name`},
		{"an ARN that is not valid", swap("arn:aws:iam::123456789012:user/dev/alice", "alice"), ":7:20: "},
		{"an id that is not valid", swap("AIDAQQQQQQQQALICE0001", "alice"), `:6:23: "alice" is not the unique id`},
		{"a group that does not exist", swap(`"auditors"`, `"admins"`), `:27:17: group "admins" is not in GroupDetailList, so its policies are unknown; save the output of get-account-authorization-details again, without --filter`},
		{"a group twice", swap(`"GroupName": "auditors"`, `"GroupName": "developers"`), `Arn "arn:aws:iam::123456789012:group/auditors" does not match path and name`},
		{"a policy that does not exist", swap("policy/teams/push-team", "policy/teams/pull-team"), `:32:34: policy "arn:aws:iam::123456789012:policy/teams/pull-team" is attached but missing from Policies; save the output of get-account-authorization-details again, without --filter`},
		{"a policy that is only in a file", with(swap("policy/teams/push-team", "policy/teams/pull-team"), "managed/pull-team.json", pullOnly),
			`:32:34: policy "arn:aws:iam::123456789012:policy/teams/pull-team" is attached but missing from Policies`},
		{"a boundary that is only in a file", with(swap("policy/limit", "policy/none"), "managed/none.json", pullOnly), `:37:43: policy "arn:aws:iam::123456789012:policy/none" is attached but missing from Policies`},
		{"AWS's policy that does not exist", swap("aws:policy/service-role/BucketReader", "aws:policy/AdministratorAccess"), `policy "arn:aws:iam::aws:policy/AdministratorAccess" does not exist; save the output of get-account-authorization-details again, without --filter, or add managed/AdministratorAccess.json`},
		{"a boundary that does not exist", swap("policy/limit", "policy/none"), `:37:43: policy "arn:aws:iam::123456789012:policy/none" is attached but missing from Policies`},
		{"a boundary without ARN", swap(`"PermissionsBoundaryArn"`, `"Arn"`), ":35:36: PermissionsBoundary lacks PermissionsBoundaryArn"},
		{"an attachment without ARN", swap(`"PolicyArn"`, `"Arn"`), `:30:17: an attached policy (PolicyName "push-team") lacks PolicyArn; save`},
		{"an inline policy without document", swap(`"PolicyDocument"`, `"Document"`), `:10:17: an inline policy (PolicyName "notes") lacks PolicyDocument; save`},
		{"a managed policy without default version", swap(`"DefaultVersionId": "v2",`, ""), `an entry of Policies (PolicyName "push-team") lacks DefaultVersionId; save the output as it is`},
		{"a managed policy without name", swap(`"PolicyName": "push-team",
            "PolicyId"`, `"PolicyId"`), `an entry of Policies (Arn "arn:aws:iam::123456789012:policy/teams/push-team") lacks PolicyName; save`},
		{"a managed policy without path and ARN", swap(`"Arn": "arn:aws:iam::123456789012:policy/teams/push-team",
            "Path": "/teams/",`, ""), `an entry of Policies (PolicyName "push-team") lacks Arn and Path; save`},
		{"a managed policy with an empty version", swap(`"DefaultVersionId": "v2"`, `"DefaultVersionId": ""`), `an entry of Policies (PolicyName "push-team") has an empty DefaultVersionId; save`},
		{"a list in another case", swap(`"UserPolicyList"`, `"userPolicyList"`), `:9:13: "userPolicyList" is spelled UserPolicyList by AWS`},
		{"a role's policies in a user", swap(`"UserPolicyList"`, `"RolePolicyList"`), `:9:13: "RolePolicyList" is not a member of an entry of UserDetailList`},
		{"a user's policies in a group", swap(`"GroupPolicyList"`, `"UserPolicyList"`), `"UserPolicyList" is not a member of an entry of GroupDetailList`},
		{"groups by another name", swap(`"GroupList"`, `"Groups"`), `"Groups" is not a member of an entry of UserDetailList`},
		{"a boundary misspelled", swap(`"PermissionsBoundary"`, `"PermissionBoundary"`), `:35:13: "PermissionBoundary" is not known here and may contain a Deny or a limit`},
		{"a list of policies of the future", swap(`"GroupList"`, `"DenyPolicyList": [], "GroupList"`), `:25:13: "DenyPolicyList" is not known here`},
		{"a look-alike", swap(`"UserPolicyList"`, "\"UserPol\u0456cyList\""), `is not known here and may contain a Deny`},
		{"a user without groups", swap(`"GroupList"`, `"Paths"`), `:3:9: an entry of UserDetailList (UserName "alice") lacks GroupList; save the output as it is`},
		{"a user without attached policies", swap(`"AttachedManagedPolicies"`, `"Attached"`), `:3:9: an entry of UserDetailList (UserName "alice") lacks AttachedManagedPolicies`},
		{"a mistake in an inline policy", swap(`"Effect": "Allow"`, `"Effect": "Alow"`), `:17:43: Effect must be exactly "Allow" or "Deny"`},
		{"a mistake in a group's policy", swap(`"Effect": "Deny"`, `"Effekt": "Deny"`), `:71:29: unknown element "Effekt"`},
		{"a mistake in a managed policy", swap(`"Sid": "OnlyOurs"`, `"Sid": "Only ours"`), `:210:40: Sid "Only ours" may have letters and digits only`},
		{"a mistake in a trust policy", swap(`"Action": "sts:AssumeRole"`, `"Action": "sts:AssumeRole", "Resource": "*"`), `:111:53: a trust policy has no Resource`},
		{"a mistake in an encoded policy", swap("%22Effect%22", "%22Effekt%22"), `:185:39: in PolicyDocument:4:25: unknown element "Effekt"`},
		{"a mistake in a text that begins with a blank", swap(`"PolicyDocument": "%7B`, `"PolicyDocument": " {\"Effekt%zz\": 1}", "x": "%7B`), `:185:39: in PolicyDocument:1:3: unknown element "Effekt%zz"`},
		{"an encoding that is not valid", swap("%7B%0A%20", "%7B%0A%2"), ":185:39: PolicyDocument is neither an object nor URL-encoded"},
		{"a document of null", swap(`"PolicyDocument": "%7B`, `"PolicyDocument": null, "x": "%7B`), ":185:39: a policy document is an object, not null"},
		{"a default version that does not exist", swap(`"DefaultVersionId": "v2"`, `"DefaultVersionId": "v3"`), `:224:34: version "v2" of policy "arn:aws:iam::123456789012:policy/teams/push-team" has IsDefaultVersion true, while DefaultVersionId is "v3"`},
		{"a managed policy without versions", swap(`"PolicyVersionList"`, `"Versions"`), `an entry of Policies (PolicyName "push-team") lacks PolicyVersionList; save`},
		{"a version without id", swap(`"VersionId": "v2",`, ""), `an entry of PolicyVersionList lacks VersionId; save the output as it is`},
		{"a default version without document", swap(`"Document": {`, `"document": {`), `the default version of policy arn:aws:iam::123456789012:policy/teams/push-team (VersionId "v2") lacks Document; save the output as it is`},
		{"two default versions", swap(`"VersionId": "v1"`, `"VersionId": "v2"`), `:239:34: version "v2" of policy`},
		{"a managed policy of another account", swap("iam::123456789012:policy/limit\",\n            \"Path\"", "iam::210987654321:policy/limit\",\n            \"Path\""), `does not belong to account "123456789012"`},
		{"a managed policy twice", swap(`"Policies": [`, `"Policies": [`+policyEntry(good[authorizationPlace], "limit")+","), `policy "arn:aws:iam::123456789012:policy/limit" occurs twice`},
		{"a managed policy in a file too", map[string]string{"managed/push-team.json": pullOnly}, `:32:34: policy "arn:aws:iam::123456789012:policy/teams/push-team" is in ` + authorizationPlace + ` and in managed/push-team.json; remove one of the two`},
		{"a user in principals.yaml too", principal("- arn: arn:aws:iam::123456789012:user/bob\n"), `principals.yaml:5:8: principal "arn:aws:iam::123456789012:user/bob" is already defined at ` + authorizationPlace + ":46:9; keep one of the two"},
		{"a user of principals.yaml under another path", principal("- arn: arn:aws:iam::123456789012:user/x/bob\n"), `principals.yaml:5:8: principal "arn:aws:iam::123456789012:user/x/bob" has the name of "arn:aws:iam::123456789012:user/bob"`},
		{"tags that differ in case", swap(`"Key": "team",
                    "Value": "blue"
                }`, `"Key": "team", "Value": "blue"}, {"Key": "Team", "Value": "red"}`), ":7:20: the tag keys"},
		{"a principal without id, and a policy that requires ids", map[string]string{
			"principals.yaml":  good["principals.yaml"] + "principals:\n- arn: arn:aws:iam::123456789012:user/carol\n",
			authorizationPlace: swap(`"Action": "s3:Get*"`, `"Action": "ecr:Get*", "Condition": {"StringLike": {"aws:userid": "AIDA*"}}`)[authorizationPlace],
		}, `uses aws:userid, but principal "arn:aws:iam::123456789012:user/carol" has no id`},
	}
	if len(cases) < 40 {
		t.Errorf("%d cases only", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if strings.HasPrefix(want, ":") {
				want = authorizationPlace + want
			}
			change := map[string]string{}
			for file, text := range good {
				change[file] = text
			}
			for file, text := range c.change {
				if change[file] = text; text == "" && file == authorizationPlace && len(c.change) > 1 {
					delete(change, file) // moved
				}
			}
			refuses(t, nil, change, want)
		})
	}
}

// policyEntry returns an entry of Policies from an output.
func policyEntry(output, name string) string {
	const begin = "\n        {\n            \"PolicyName\": \""
	entry := output[strings.Index(output, begin+name):]
	return entry[:strings.Index(entry, "\n        }")+len("\n        }")]
}

// BenchmarkLoadAuthorization loads an account of 1,000 users, each with an inline
// policy, a group and a managed policy.
func BenchmarkLoadAuthorization(b *testing.B) {
	text := exported(b)[authorizationPlace]
	begin := strings.Index(text, "\n        {\n            \"Path\": \"/dev/\"")
	end := begin + strings.Index(text[begin:], "\n        },") + len("\n        },")
	var users strings.Builder
	for i := range 1000 {
		users.WriteString(strings.NewReplacer("alice", fmt.Sprintf("user%d", i), "ALICE0001", fmt.Sprintf("USER%d", i)).Replace(text[begin:end]))
	}
	contents := exported(b)
	contents[authorizationPlace] = text[:begin] + users.String() + text[begin:]
	b.SetBytes(int64(len(contents[authorizationPlace])))
	tree := treeOf(contents)
	b.ReportAllocs()
	for b.Loop() {
		s, err := compile(tree, options(), newPersistent(offline()))
		if err != nil || s.Summary.Principals != 1004 {
			b.Fatal(err)
		}
	}
}
