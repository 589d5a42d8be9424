package decision

import "extauthz/iam"

// A Request is one question: that of [iam.Request], and what limits the session
// that asks it.
type Request struct {
	iam.Request
	// Session holds the session policies of the caller, all of kind
	// [iam.SessionPolicy]. They are known by where their text stands, which no two
	// of a snapshot's session policies share. None is no limit to a role session; a
	// federated user without one has no identity policies.
	Session []*iam.Policy
}

// entity is the ARN of the user or role whose policies bind the caller: a
// session has its role's, and a federated user those of the user who federated.
// It is "" for a caller whom no identity policy can be attached to.
func entity(p *iam.Principal) string {
	switch p.Kind {
	case iam.User:
		return p.ARN
	case iam.AssumedRole:
		return p.RoleARN
	case iam.FederatedUser:
		return p.UserARN
	default:
		return ""
	}
}
