package iamtest

import (
	"strings"
	"testing"

	"extauthz/iam"
)

// Policy compiles a policy document. It ends the test if that fails.
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

// CheckKeys checks the values of condition keys. Blanks separate several values, and "" is
// an absent key. A key may not occur twice.
func CheckKeys(t testing.TB, c iam.Context, want map[string]string) {
	t.Helper()
	for key, value := range want {
		entry, found := c.Lookup(key)
		got := entry.Value
		if entry.Multi {
			got = strings.Join(entry.Values, " ")
		}
		if got != value || found != (value != "") {
			t.Errorf("%s = %q, want %q", key, got, value)
		}
	}
	seen := map[string]bool{}
	for _, entry := range c {
		if key := strings.ToLower(entry.Key); seen[key] {
			t.Errorf("%s is there twice", entry.Key)
		} else {
			seen[key] = true
		}
	}
}
