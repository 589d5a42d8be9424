package policystore

import (
	"maps"
	"strings"
	"testing"
)

// TestPoliciesNameNoUniqueID checks that a Deny for a user of the directory by the user's
// unique id is a fault, because it would not apply.
func TestPoliciesNameNoUniqueID(t *testing.T) {
	withID := map[string]string{"principals.yaml": strings.Replace(small()["principals.yaml"], "user/dev/alice\n  policies", "user/dev/alice\n  id: AIDACKCEVSQ6C2EXAMPLE\n  policies", 1)}
	naming := func(id string) map[string]string {
		return map[string]string{secretDir: strings.Replace(noBatch, `"Principal":"*"`, `"Principal":{"AWS":["`+id+`"]}`, 1), "principals.yaml": withID["principals.yaml"]}
	}
	refuses(t, small(), naming("AIDACKCEVSQ6C2EXAMPLE"), secretDir+`:1:74: "AIDACKCEVSQ6C2EXAMPLE" is the unique id of arn:aws:iam::123456789012:user/dev/alice, which matches no principal here; write its ARN`)
	if _, err := load(t, withPolicies(naming("AIDACKCEVSQ6C2GONEXX0"))); err != nil {
		t.Errorf("the id of a deleted user: %v", err)
	}
}

// TestUserIDsOfOtherServices checks that policies may use aws:userid in statements that
// cannot apply to a registry request if no principal has an id. IAM User Guide,
// "Amazon S3: Allows IAM users access to their S3 home directory", has the first.
func TestUserIDsOfOtherServices(t *testing.T) {
	for _, elements := range []string{
		`"Action":"s3:*","Resource":["arn:aws:s3:::home/${aws:userid}","arn:aws:s3:::home/${aws:userid}/*"]`,
		`"Action":"s3:ListBucket","Resource":"arn:aws:s3:::home","Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:userid}/*"]}}`,
		`"Action":"*","Resource":"arn:aws:iam::*:user/${aws:userid}"`,
		`"NotAction":["ecr:*","sts:*"],"Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`,
	} {
		contents := small()
		contents["managed/other.json"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny",` + elements + `},{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`
		if _, err := load(t, contents); err != nil {
			t.Errorf("%s: %v", elements, err)
		}
	}
}

// TestMissingTags checks that a Deny by tag is a fault if a file of tags is missing, because
// it would not apply.
func TestMissingTags(t *testing.T) {
	deny := func(condition string) string {
		return strings.Replace(noPull, `"Resource":"*"`, `"Resource":"*","Condition":{`+condition+`}`, 1)
	}
	allow := func(condition string) string { return strings.Replace(deny(condition), "Deny", "Allow", 1) }
	const (
		secret    = `"StringEquals":{"aws:ResourceTag/secret":"yes"}`
		inventory = "accounts/123456789012/eu-central-1/repositories.json"
		listed    = `{"repositories":[{"repositoryName":"team/app","registryId":"123456789012","repositoryArn":"arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}]}`
		tags      = "accounts/123456789012/eu-central-1/repositories/team/app/_tags.json"
		want      = "managed/guard.json:1:"
	)
	for _, c := range []struct {
		name, policy string
		more         map[string]string
		want         string // "" loads
	}{
		{"a Deny by tag", deny(secret), nil, want + "127: requires the tags of every repository (aws:ResourceTag/secret), but " + tags + " does not exist; save the tags of each repository in its _tags.json, {} if it has none"},
		{"a Deny by ECR's key", deny(`"StringEquals":{"ecr:resourcetag/secret":"yes"}`), nil, want},
		{"a Deny by a variable", deny(`"StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}`), nil, want},
		{"a Deny by a second variable", deny(`"StringEquals":{"aws:PrincipalTag/team":"${aws:username}-${aws:ResourceTag/team}"}`), nil, want},
		{"a Deny by a variable behind an escape", deny(`"StringLike":{"aws:PrincipalTag/team":"${*}${ecr:ResourceTag/team}"}`), nil, want},
		{"a Deny by a second variable in its resource", strings.Replace(noPull, `"Resource":"*"`, `"Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/${ecr:ResourceTag/stage}"`, 1), nil, want},
		{"an Allow that is negated, by a variable", allow(`"StringNotEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}`), nil, want},
		{"an Allow if it exists, by a variable", allow(`"StringEqualsIfExists":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}`), nil, want},
		{"an Allow for all values, by a variable", allow(`"ForAllValues:StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}`), nil, want},
		{"an Allow by a variable", allow(`"StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}`), nil, ""},
		{"an Allow by a variable with a default", allow(`"StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team, 'blue'}"}`), nil, want},
		{"an Allow of a resource by a default", strings.Replace(strings.Replace(noPull, "Deny", "Allow", 1), `"Resource":"*"`, `"Resource":"arn:aws:ecr:*:*:repository/${ecr:ResourceTag/team, 'team'}/*"`, 1), nil, want},
		{"an Allow by tag", allow(secret), nil, ""},
		{"an Allow that is negated", allow(`"StringNotEquals":{"aws:ResourceTag/secret":"yes"}`), nil, want},
		{"an Allow of what has no tag", allow(`"Null":{"aws:ResourceTag/secret":"true"}`), nil, want},
		{"an Allow that requires a tag", allow(`"Null":{"aws:ResourceTag/secret":"false"}`), nil, ""},
		{"an Allow of what has a tag or has not", allow(`"Null":{"aws:ResourceTag/secret":["false","true"]}`), nil, want},
		{"a Deny of what has a tag", deny(`"Null":{"aws:ResourceTag/secret":"false"}`), nil, want},
		{"an Allow if it exists", allow(`"StringEqualsIfExists":{"aws:ResourceTag/secret":"no"}`), nil, want},
		{"a Deny of another service", strings.Replace(deny(secret), "ecr:BatchGetImage", "ec2:RunInstances", 1), nil, ""},
		{"a Deny of every action on another service", strings.Replace(strings.Replace(deny(secret), "ecr:BatchGetImage", "*", 1), `"Resource":"*"`, `"Resource":"arn:aws:ec2:*:*:instance/*"`, 1), nil, ""},
		{"a Deny of all actions but those of ECR", strings.Replace(strings.Replace(deny(secret), "ecr:BatchGetImage", "ecr:*", 1), `"Action"`, `"NotAction"`, 1), nil, ""},
		{"a Deny of all actions but one of ECR", strings.Replace(strings.Replace(deny(secret), "ecr:BatchGetImage", "ecr:PutImage", 1), `"Action"`, `"NotAction"`, 1), nil, want},
		{"no tags, known", deny(secret), map[string]string{tags: "{}"}, ""},
		{"one that is not listed", deny(secret), map[string]string{tags: "{}", inventory: strings.ReplaceAll(listed, "]", `,{"repositoryName":"b","registryId":"123456789012","repositoryArn":"arn:aws:ecr:eu-central-1:123456789012:repository/b"}]`)}, "but accounts/123456789012/eu-central-1/repositories/b/_tags.json does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := small()
			delete(base, secretDir)
			change := map[string]string{"managed/guard.json": c.policy, inventory: listed}
			maps.Copy(change, c.more)
			if c.want != "" {
				refuses(t, base, change, c.want)
				return
			}
			maps.Copy(base, change)
			if _, err := load(t, base); err != nil {
				t.Error(err)
			}
		})
	}
}
