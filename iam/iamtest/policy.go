package iamtest

import (
	"testing"

	"extauthz/iam"
)

// Policy compiles a policy document, or ends the test.
func Policy(t testing.TB, kind iam.Kind, text string) *iam.Policy {
	t.Helper()
	p, err := iam.Compile(kind, "test.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Trust is a trust policy of one statement that allows the actions to the principal,
// both JSON. condition is JSON too, "" for none.
func Trust(t testing.TB, principal, actions, condition string) *iam.Policy {
	t.Helper()
	if condition == "" {
		condition = "{}"
	}
	return Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":`+actions+`,"Condition":`+condition+`}}`)
}
