package sts

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
		{"role of one", CheckRoleName, "a", ""},
		{"role of every character", CheckRoleName, "aZ09+=,.@_-", ""},
		{"longest role", CheckRoleName, long(64), ""},
		{"role too long", CheckRoleName, long(65), "has 65 characters, and IAM allows 64"},
		{"no role", CheckRoleName, "", "fewer than 1"},
		{"role with a slash", CheckRoleName, "a/b", "characters other than"},
		{"role with another letter", CheckRoleName, "ä", "characters other than"},
		{"shortest session", CheckSessionName, "ab", ""},
		{"session too short", CheckSessionName, "a", "fewer than 2"},
		{"session too long", CheckSessionName, long(65), "role session name"},
		{"shortest source identity", CheckSourceIdentity, "ab", ""},
		{"source identity too short", CheckSourceIdentity, "a", "fewer than 2"},
		{"longest source identity", CheckSourceIdentity, long(256), ""},
		{"source identity too long", CheckSourceIdentity, long(257), "source identity"},
		{"source identity with a colon", CheckSourceIdentity, "aws:a", "characters other than"},
		{"shortest external id", checkExternalID, "a:", ""},
		{"longest external id", checkExternalID, long(1224), ""},
		{"external id too long", checkExternalID, long(1225), "2 to 1224"},
		{"external id too short", checkExternalID, "a", "2 to 1224"},
		{"external id with a blank", checkExternalID, "a b", "2 to 1224"},
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
