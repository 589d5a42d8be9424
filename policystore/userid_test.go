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
	refuses(t, small(), naming("AIDACKCEVSQ6C2EXAMPLE"), secretDir+`:1:74: "AIDACKCEVSQ6C2EXAMPLE" is the unique id of arn:aws:iam::123456789012:user/dev/alice, which matches nobody here; write its ARN`)
	if _, err := load(t, withPolicies(naming("AIDACKCEVSQ6C2GONEXX0"))); err != nil {
		t.Errorf("the id of one who is gone: %v", err)
	}
}
