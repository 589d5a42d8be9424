package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/nearest"
)

// inspected returns the findings about one policy.
func inspected(t testing.TB, kind iam.Kind, text string) diag.List {
	t.Helper()
	document := iam.Parse(diag.File("test.json"), diag.Point{Line: 1, Column: 1}, []byte(text))
	policy, err := document.Compile(kind)
	if err != nil {
		t.Fatal(err)
	}
	return Inspect(document, policy)
}

func identityStatement(elements string) string {
	return `{"Version":"2012-10-17","Statement":[{` + elements + `}]}`
}

func repositoryStatement(elements string) string {
	return `{"Version":"2008-10-17","Statement":[{"Principal":"*","Action":"ecr:*",` + elements + `}]}`
}

// TestPublishedTrustPolicies checks that trust policies that vendors publish have no
// findings, except that ForAllValues holds for a request without the key.
func TestPublishedTrustPolicies(t *testing.T) {
	checked := 0
	for _, pattern := range []string{"../iam/testdata/trust/*.json", "../identity/testdata/trust/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kind := iam.TrustPolicy
			if strings.HasPrefix(filepath.Base(file), "identity-") {
				kind = iam.IdentityPolicy
			}
			checked++
			for _, f := range inspected(t, kind, string(text)) {
				if f.Code != "for-all-values" || strings.HasPrefix(file, "../identity/") {
					t.Errorf("%s: %v", file, f)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("%d policies, want at least 20", checked)
	}
}

// TestInspect checks the findings about one policy.
func TestInspect(t *testing.T) {
	allow := func(elements string) string { return identityStatement(`"Effect":"Allow",` + elements) }
	key := func(operator, key string) string {
		return allow(`"Action":"ecr:*","Resource":"*","Condition":{"` + operator + `":{"` + key + `":"arn:a:b:c:d:e"}}`)
	}
	for _, test := range []struct {
		name string
		kind iam.Kind
		text string
		want string // "" for none
	}{
		{"nothing to find", iam.IdentityPolicy, allow(`"Action":"ecr:Get*","Resource":"arn:aws:ecr:*:*:repository/*"`), ""},
		{"everything", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*"`), ""},
		{"old version", iam.IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "1:1: AWS accepts a new identity-based policy only in version 2012-10-17"},
		{"old version of a repository policy", iam.RepositoryPolicy, repositoryStatement(`"Effect":"Allow"`), ""},
		{"Id", iam.IdentityPolicy, `{"Version":"2012-10-17","Id":"a","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "1:25: Id belongs"},
		{"unknown action", iam.IdentityPolicy, allow(`"Action":"ecr:GetImages","Resource":"*"`), "1:65: action \"ecr:GetImages\" is none"},
		{"wildcard without an action", iam.IdentityPolicy, allow(`"Action":"ecr:Pull*","Resource":"*"`), "is none of the known"},
		{"action of another service", iam.IdentityPolicy, allow(`"Action":"s3:Whatever","Resource":"*"`), ""},
		{"action with a blank", iam.IdentityPolicy, allow(`"Action":"ecr:Put Image","Resource":"*"`), "never matches"},
		{"short ARN", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws:ecr:*"`), `counts as "arn:aws:ecr:*:*:*"`},
		{"unknown partition", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws-moon:ecr:*:*:repository/*"`), "unknown partition \"aws-moon\""},
		{"wildcard in the partition", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws*:ecr:*:*:repository/*"`), ""},
		{"wildcard in the service", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws:*:*:*:*"`), "this Allow does not match it"},
		{"wildcard in the type", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":["arn:aws:ecr:*:*:repo*/x","arn:aws:ecr:*:*:*/*"]`), ""},
		{"question mark in the service", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws:ec?:*:*:repository/x"`), "this Allow does not match it"},
		{"wildcard in the service of a Deny", iam.IdentityPolicy, identityStatement(`"Effect":"Deny","Action":"ecr:*","Resource":"arn:aws:e*:*:*:repository/x"`), "which AWS does not accept"},
		{"variable too early", iam.IdentityPolicy, allow(`"Action":"ecr:*","Resource":"arn:aws:ecr:*:${aws:PrincipalAccount}:repository/*"`), "before the fifth colon"},
		{"variable in the old version", iam.RepositoryPolicy, repositoryStatement(`"Effect":"Allow","Condition":{"StringEquals":{"aws:username":"${aws:userid}"}}`), "plain text in version"},
		{"Resource in a repository policy", iam.RepositoryPolicy, repositoryStatement(`"Effect":"Allow","Resource":"*"`), "ECR may refuse"},
		{"repeated Sid", iam.RepositoryPolicy, `{"Statement":[{"Sid":"a","Effect":"Deny","Principal":"*","Action":"*"},{"Sid":"a","Effect":"Deny","Principal":"*","Action":"*"}]}`, "1:79: Sid \"a\" occurs twice"},
		{"principal of the past", iam.RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"AROACKCEVSQ6C2EXAMPLE"},"Action":"*"}}`, "does not match any caller"},
		{"operator without keys", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"Nothing":{}}`), "no keys and no effect"},
		{"no value", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":[]}}`), "no value to compare with"},
		{"lone star for an ARN", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"*"}}`), "is not an ARN"},
		{"multivalued key", iam.IdentityPolicy, key("StringEquals", "aws:TagKeys"), "is multivalued"},
		{"multivalued key with a set operator", iam.IdentityPolicy, key("ForAnyValue:StringEquals", "aws:TagKeys"), ""},
		{"ForAllValues in an Allow", iam.IdentityPolicy, key("ForAllValues:StringEquals", "aws:TagKeys"), "holds for a request without"},
		// IAM User Guide, "Set operators for multivalued context keys": Null with false.
		{"ForAllValues in an Allow that needs the key", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"false"}}`), ""},
		{"ForAllValues in an Allow that needs a value", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":"a*"},"ForAnyValue:StringEquals":{"aws:tagkeys":"ab"}}`), ""},
		{"ForAllValues in an Allow that needs a tag", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"StringEquals":{"aws:RequestTag/a":"b"}}`), ""},
		{"ForAllValues in an Allow of requests without the key", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"true"}}`), "holds for a request without"},
		{"ForAllValues in an Allow that needs a tag if there is one", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"StringEqualsIfExists":{"aws:RequestTag/a":"b"}}`), "holds for a request without"},
		{"ForAllValues in an Allow that needs another key", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`), "holds for a request without"},
		{"ForAllValues after an operator without keys", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{},"ForAllValues:StringEquals":{"aws:TagKeys":"a"},"Null":{"aws:TagKeys":"false"}}`), "no keys and no effect"},
		{"unknown key", iam.IdentityPolicy, key("StringEquals", "aws:PrincipalTeam"), "not known"},
		{"key of another service", iam.IdentityPolicy, key("StringEquals", "s3:prefix"), ""},
		{"tag without a key", iam.IdentityPolicy, key("StringEquals", "aws:PrincipalTag/"), "not known"},
		{"a role's tag without a key", iam.IdentityPolicy, key("StringEquals", "iam:ResourceTag/"), "not known"},
		{"unknown key of a variable", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"${aws:PrincipleTag/a}"}}`), `"${aws:PrincipleTag/a}" is not known to be part of a registry request; did you mean "aws:PrincipalTag/a"?`},
		{"unknown key of a variable with a default", iam.IdentityPolicy, allow(`"Action":"*","Resource":"arn:aws:ecr:*:*:repository/${aws:usrname, 'a'}"`), `"${aws:usrname}" is not known to be part of a registry request; did you mean "aws:username"?`},
		{"known keys of variables", iam.IdentityPolicy, allow(`"Action":"*","Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/a}/${*}/${AWS:username}/${ec2:SourceInstanceARN}"`), ""},
		{"misspelled key", iam.IdentityPolicy, key("StringEquals", "aws:PrincipleArn"), `; did you mean "aws:PrincipalArn"?`},
		{"misspelled key of a tag", iam.IdentityPolicy, key("StringEquals", "aws:PrincipleTag/team"), `; did you mean "aws:PrincipalTag/team"?`},
		{"key of a tag with a colon for the slash", iam.IdentityPolicy, key("StringEquals", "ecr:ResourceTag:team"), `; did you mean "ecr:ResourceTag/team"?`},
		{"key of a tag without the tag", iam.IdentityPolicy, key("StringEquals", "aws:PrincipalTag"), `; did you mean "aws:PrincipalTag/KEY"?`},
		{"further colon in a global key", iam.IdentityPolicy, key("StringEquals", "aws:user:name"), "not known to be part of a registry request"},
		{"key without a prefix", iam.IdentityPolicy, key("StringEquals", "SourceIP"), `1:117: condition key "SourceIP" lacks a service prefix, so that no request carries it; did you mean "aws:SourceIp"?`},
		{"key without a prefix and without a known name", iam.IdentityPolicy, key("StringEquals", "a"), "lacks a service prefix"},
		{"key of an encryption context", iam.IdentityPolicy, key("StringEquals", "kms:EncryptionContext:aws:s3:arn"), ""},
		{"placeholder in a key", iam.TrustPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"agent.${Domain}.buildkite.dev:build_branch":"main"}}}}`, "plain text in the name of a key"},
		{"time without a zone", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-22T06:00:00"}}`), `1:131: "2026-11-22T06:00:00" has no time zone and is read as UTC; write "2026-11-22T06:00:00Z"`},
		{"day", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-22"}}`), ""},
		{"Null with a set operator", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:Null":{"aws:TagKeys":"false"}}`), "does not document Null with a set operator"},
		{"variable in Bool", iam.IdentityPolicy, allow(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"${aws:PrincipalTag/tls}"}}`), ""},
		{"extension", iam.IdentityPolicy, key("StringEquals", iam.KeyReference), "is an extension"},
		{"too large", iam.SessionPolicy, allow(`"Action":"*","Resource":["*"` + strings.Repeat(`,"*"`, 600) + `]`), "(session policy) to 2048"},
		{"white space does not count", iam.SessionPolicy, allow(`"Action":"*","Resource":"*"` + strings.Repeat(" ", 3000)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			findings := inspected(t, test.kind, test.text)
			switch {
			case test.want == "" && len(findings) == 0:
			case test.want == "" || len(findings) != 1:
				t.Errorf("findings %v, want %q", findings, test.want)
			case !strings.Contains(findings[0].Error(), test.want):
				t.Errorf("finding %q, want %q", findings[0], test.want)
			case findings[0].Code == "":
				t.Errorf("finding %q has no code", findings[0])
			}
		})
	}
}

// TestNearestAction checks that the message about a misspelled action suggests the right one.
func TestNearestAction(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"BatchGetImages", `; did you mean "ecr:BatchGetImage"?`},
		{"getdownloadurlforlayers", `; did you mean "ecr:GetDownloadUrlForLayer"?`},
		{"CompleteLayersUpload", `; did you mean "ecr:CompleteLayerUpload"?`},
		{"Pull", ""},
		{"Pull*", ""},
		{"PutImag", `; did you mean "ecr:PutImage"?`},
		{"Put", ""},
		{"", ""},
		{strings.Repeat("BatchGetImage", 1<<16), ""}, // answered at once
	} {
		if got := nearest.DidYouMean(nearestAction(c.name)); got != c.want {
			t.Errorf("%s: got %q want %q", c.name[:min(len(c.name), 50)], got, c.want)
		}
	}
}

// TestSuggestionsAreBounded checks that every misspelled action is found, and that suggestions
// are made for the first ones only: a policy can contain 50,000.
func TestSuggestionsAreBounded(t *testing.T) {
	const unknown = 50_000
	actions := strings.Repeat(`"ecr:BatchGetImages",`, unknown) + `"ecr:BatchGetImage"`
	findings := inspected(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[`+actions+`],"Resource":"*"}}`)
	found, suggested := 0, 0
	for _, f := range findings {
		if f.Code == "unknown-action" {
			found++
		}
		if strings.HasSuffix(f.Message(), `did you mean "ecr:BatchGetImage"?`) {
			suggested++
		}
	}
	if found != unknown || suggested != maxSuggestions {
		t.Errorf("%d found and %d with a suggestion, want %d and %d", found, suggested, unknown, maxSuggestions)
	}
}

// TestNearestKey checks the proposals for misspelled keys, and that other names have none.
func TestNearestKey(t *testing.T) {
	for key, want := range map[string]string{
		"aws:PrincipleArn":                       "aws:PrincipalArn",
		"AWS:sourceipp":                          "aws:SourceIp",
		"aws:CurrentTimes":                       "aws:CurrentTime",
		"ecr:AccountSettings":                    "ecr:AccountSetting",
		"aws:PrincipleTag/a/b":                   "aws:PrincipalTag/a/b",
		"aws:PrincipalTags/team":                 "aws:PrincipalTag/team",
		"ecr:ResourceTag:team":                   "ecr:ResourceTag/team",
		"aws:PrincipalTag":                       "aws:PrincipalTag/KEY",
		"SourceIp":                               "aws:SourceIp",
		"PrincipalTag/team":                      "aws:PrincipalTag/team",
		"aws:PrincipalTag/":                      "",
		"aws:PrincipalTeam":                      "aws:PrincipalTag/KEY",
		"aws:PrincipalOrgMasterAccountId":        "",
		"aws:x":                                  "",
		"a":                                      "",
		"aws:" + strings.Repeat("SourceIp", 1e5): "",
	} {
		if got := nearestKey(key); got != want {
			t.Errorf("%s: got %q, want %q", key[:min(len(key), 40)], got, want)
		}
	}
}
