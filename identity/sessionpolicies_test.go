package identity

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/identity/sts"
)

// TestSessionPolicyHasOneName checks that the names which clients invent for a policy are not
// retained.
func TestSessionPolicyHasOneName(t *testing.T) {
	entities := sts.NewEntities(nil, nil)
	if err := entities.Add(sts.Entity{ARN: "arn:aws:iam::123456789012:user/alice"}); err != nil {
		t.Fatal(err)
	}
	auth, pull := NewAuthenticator(nil, nil, entities), new(iam.Policy)
	auth.FindSessionPolicies(func(name string) *iam.Policy {
		if strings.HasSuffix(name, "/pull") {
			return pull
		}
		return nil
	})
	const own = "123456789012:arn:aws:iam::123456789012:policy/"
	for i := range 100 {
		if auth.policies.find(fmt.Sprintf("%s%d/pull", own, i)) != pull {
			t.Fatal("the policy was not found")
		}
	}
	if auth.policies.find(own+"push") != nil {
		t.Error("another policy was found")
	}
	if n, name := len(auth.policies.byName), auth.policies.nameOf(pull); n != 1 || name != own+"pull" {
		t.Errorf("%d names, of which the first is %q", n, name)
	}
}
