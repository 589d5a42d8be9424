package identity

import (
	"strings"

	"extauthz/iam"
)

// A Caller is a verified identity: the principal, how it was proven, and the
// condition keys that follow from the principal alone. It is immutable and
// shared between requests.
type Caller struct {
	Principal iam.Principal
	Source    string        // the word of the [Source] that found the credential
	Context   iam.Context   // aws:PrincipalArn and the like; callers append to a copy
	Session   []*iam.Policy // session policies, which limit the caller
	Issuer    string        // of a token: the name of its issuer
	KeyID     string        // of a token: the key that signed it
}

// NewCaller is the caller that a source has settled. It derives the principal's
// condition keys as AWS fills them in (IAM User Guide, "AWS global condition
// context keys": properties of the principal). aws:PrincipalArn of a role
// session is the role's ARN with its path, never the session's ARN.
func NewCaller(source string, p iam.Principal) *Caller {
	c := &Caller{Principal: p, Source: source}
	set := func(key, value string) {
		if value != "" {
			c.Context = append(c.Context, iam.ContextEntry{Key: key, Value: value})
		}
	}
	set("aws:PrincipalAccount", p.Account)
	set("aws:userid", p.UserID)
	set("aws:PrincipalIsAWSService", "false")
	set("aws:ViaAWSService", "false")
	switch p.Kind {
	case iam.User:
		set("aws:PrincipalArn", p.ARN)
		set("aws:PrincipalType", "User")
		set("aws:username", lastSegment(p.ARN))
	case iam.AssumedRole:
		set("aws:PrincipalArn", p.RoleARN)
		set("aws:PrincipalType", "AssumedRole")
	case iam.FederatedUser:
		set("aws:PrincipalArn", p.ARN)
		set("aws:PrincipalType", "FederatedUser")
	case iam.RootUser:
		set("aws:PrincipalArn", p.ARN)
		set("aws:PrincipalType", "Account")
	}
	return c
}

// lastSegment is what follows the last slash: an IAM user's name without path.
func lastSegment(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}
