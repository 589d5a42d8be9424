package sts

import (
	"extauthz/diag"
	"strings"
)

// IAM's limits on names. What exceeds them is rejected and never cut: two long names that
// are cut could become one.
//
// Sources: IAM User Guide, "IAM and AWS STS quotas" (characters of names, and
// lengths); STS API Reference, AssumeRoleWithWebIdentity (RoleSessionName),
// AssumeRole (SourceIdentity), GetFederationToken (Name).
const (
	maxName          = 64 // of a user, a role and a session
	minSession       = 2  // of a session, a source identity and a federated user
	maxFederatedName = 32
	maxSource        = 256 // of a source identity
)

// checkIAMUserName checks the name of an IAM user.
func checkIAMUserName(name string) error { return checkName("IAM user name", name, 1, maxName) }

// CheckRoleName checks the name of an IAM role.
func CheckRoleName(name string) error { return checkName("role name", name, 1, maxName) }

// CheckSessionName checks the name of the session of a role.
func CheckSessionName(name string) error {
	return checkName("role session name", name, minSession, maxName)
}

// CheckSourceIdentity checks a source identity.
func CheckSourceIdentity(name string) error {
	return checkName("source identity", name, minSession, maxSource)
}

// checkFederatedName checks the name of a federated user.
func checkFederatedName(name string) error {
	return checkName("federated user name", name, minSession, maxFederatedName)
}

// checkExternalID checks an external id, "" for none (STS API Reference, AssumeRole).
func checkExternalID(id string) error {
	const least, most = 2, 1224
	if id == "" || len(id) >= least && len(id) <= most && isName(strings.NewReplacer(":", "", "/", "").Replace(id)) {
		return nil
	}
	return diag.Problemf("the external id is not %d to %d letters, digits and +=,.@:/_-", least, most).WithRemedy("use another")
}

// checkName checks a name. The error does not repeat it, because it may be a claim of a
// client's token.
func checkName(what, name string, least, most int) error {
	switch n := len(name); {
	case !isName(name):
		return diag.Problemf("the %s has characters other than letters, digits and +=,.@_-", what).WithRemedy("use a name without them")
	case n < least:
		return diag.Problemf("the %s has fewer than %d characters, the minimum that IAM allows", what, least).WithRemedy("use a longer one, and put the full name into a tag")
	case n > most:
		return diag.Problemf("the %s has %d characters, and IAM allows %d", what, n, most).WithRemedy("use a shorter one, and put the full name into a tag")
	}
	return nil
}

// isName reports whether s consists of the characters of IAM's names,
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
