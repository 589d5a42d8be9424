package policystore

import (
	"strings"
	"testing"
)

// TestPoliciesNameNoUniqueID holds that a Deny for a user of the directory is not
// lost where it has the user's unique id.
func TestPoliciesNameNoUniqueID(t *testing.T) {
	withID := map[string]string{"principals.yaml": strings.Replace(small()["principals.yaml"], "user/dev/alice\n  policies", "user/dev/alice\n  id: AIDACKCEVSQ6C2EXAMPLE\n  policies", 1)}
	naming := func(id string) map[string]string {
		return map[string]string{secretDir: strings.Replace(noBatch, `"Principal":"*"`, `"Principal":{"AWS":["`+id+`"]}`, 1), "principals.yaml": withID["principals.yaml"]}
	}
	refuses(t, small(), naming("AIDACKCEVSQ6C2EXAMPLE"), secretDir+`:1:74: "AIDACKCEVSQ6C2EXAMPLE" is the unique id of arn:aws:iam::123456789012:user/dev/alice, which matches no principal here; write its ARN`)
	if _, err := load(t, withPolicies(naming("AIDACKCEVSQ6C2GONEXX0"))); err != nil {
		t.Errorf("the id of one who is gone: %v", err)
	}
}

// TestUserIDsOfOtherServices loads policies that use aws:userid in statements that
// cannot apply to a registry request, while no principal has an id. IAM User Guide,
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
