package iamtest

import (
	"strings"
	"testing"

	"extauthz/iam"
)

// CheckKeys wants condition keys to have those values, several with a blank between
// two; "" is an absent key. No key may be there twice.
func CheckKeys(t testing.TB, c iam.Context, wanted map[string]string) {
	t.Helper()
	for key, value := range wanted {
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
