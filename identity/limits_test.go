package identity

import (
	"strings"
	"testing"
)

func TestCheckNames(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name  string
		check func(string) error
		text  string
		want  string // "" is accepted
	}{
		{"role of one", checkRoleName, "a", ""},
		{"role of every character", checkRoleName, "aZ09+=,.@_-", ""},
		{"longest role", checkRoleName, long(64), ""},
		{"role too long", checkRoleName, long(65), "has 65 characters, and IAM allows 64"},
		{"no role", checkRoleName, "", "fewer than 1"},
		{"role with a slash", checkRoleName, "a/b", "other characters"},
		{"role with another letter", checkRoleName, "ä", "other characters"},
		{"shortest session", checkSessionName, "ab", ""},
		{"session too short", checkSessionName, "a", "fewer than 2"},
		{"session too long", checkSessionName, long(65), "role session name"},
		{"shortest source identity", checkSourceIdentity, "ab", ""},
		{"source identity too short", checkSourceIdentity, "a", "fewer than 2"},
		{"source identity too long", checkSourceIdentity, long(65), "source identity"},
		{"source identity with a colon", checkSourceIdentity, "aws:a", "other characters"},
		{"user too long", checkIAMUserName, long(65), "IAM user name"},
		{"longest federated user", checkFederatedName, long(32), ""},
		{"federated user too long", checkFederatedName, long(33), "IAM allows 32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.check(c.text)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && len(c.text) > 2 && strings.Contains(err.Error(), c.text[:3]) {
				t.Errorf("the error repeats what may be a claim: %v", err)
			}
		})
	}
}
