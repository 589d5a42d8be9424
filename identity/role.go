package identity

import (
	"strings"

	"extauthz/identity/sts"
)

// namedRole reads the ARN of the role that a user name names: ACCOUNT/ROLE, or
// ACCOUNT/PATH/ROLE. A colon cannot be in a user name (RFC 7617), and so an ARN
// cannot.
func namedRole(partition, user string) (arn string, f *Failure) {
	account, name, _ := strings.Cut(user, "/")
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" || !sts.IsPath(name+"/") {
		// The name is not repeated, since it might be a password with a slash.
		return "", invalid(BasicAuth, "the user name has a slash and does not name a role; write ACCOUNT/ROLE or ACCOUNT/PATH/ROLE, with the account's 12 digits")
	}
	if err := sts.CheckRoleName(name[strings.LastIndexByte(name, '/')+1:]); err != nil {
		return "", invalid(BasicAuth, err.Error())
	}
	return "arn:" + partition + ":iam::" + account + ":role/" + name, nil
}
