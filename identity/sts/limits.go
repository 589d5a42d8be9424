package sts

import (
	"fmt"
	"strings"
)

// IAM's limits on names. What exceeds them is refused, never cut: two long
// names that are cut could become one.
//
// Sources: IAM User Guide, "IAM and AWS STS quotas" (characters of names, and
// lengths); STS API Reference, AssumeRoleWithWebIdentity (RoleSessionName),
// AssumeRole (SourceIdentity), GetFederationToken (Name).
const (
	maxName          = 64 // of a user, a role, a session and a source identity
	minSession       = 2  // of a session, a source identity and a federated user
	maxFederatedName = 32
)

// checkIAMUserName refuses what cannot name an IAM user.
func checkIAMUserName(name string) error { return checkName("IAM user name", name, 1, maxName) }

// CheckRoleName refuses what cannot name an IAM role.
func CheckRoleName(name string) error { return checkName("role name", name, 1, maxName) }

// CheckSessionName refuses what cannot name the session of a role.
func CheckSessionName(name string) error {
	return checkName("role session name", name, minSession, maxName)
}

// CheckSourceIdentity refuses what cannot be a source identity.
func CheckSourceIdentity(name string) error {
	return checkName("source identity", name, minSession, maxName)
}

// checkFederatedName refuses what cannot name a federated user.
func checkFederatedName(name string) error {
	return checkName("federated user name", name, minSession, maxFederatedName)
}

// checkName does not repeat the name, which may be a claim of somebody's token.
func checkName(what, name string, least, most int) error {
	switch n := len(name); {
	case !isName(name):
		return fmt.Errorf("the %s holds other characters than letters, digits and +=,.@_-", what)
	case n < least:
		return fmt.Errorf("the %s has fewer than %d characters, the least that IAM allows; map to a longer one, and carry the whole in a tag", what, least)
	case n > most:
		return fmt.Errorf("the %s has %d characters, and IAM allows %d; map to a shorter one, and carry the whole in a tag", what, n, most)
	}
	return nil
}

// isName tells whether s holds only the characters of IAM's names,
// [A-Za-z0-9+=,.@_-].
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		isLetterOrDigit := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !isLetterOrDigit && strings.IndexByte("+=,.@_-", c) < 0 {
			return false
		}
	}
	return true
}
