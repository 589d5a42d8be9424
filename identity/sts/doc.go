// Package sts is the part of AWS that makes callers: the IAM users and roles that
// there are, and the sessions that AWS STS gives.
//
// [Entities] hold the users and roles. [Entities.Caller] makes a [Caller] of a
// [CallerSpec], on the operator's word and without asking a trust policy.
// [Entities.AssumeRoleWithWebIdentity] makes one of a verified token, and
// [Entities.AssumeRole] of a caller who has a session or is a user, where the
// policies allow it. How somebody proved to be whom, this package does not know.
//
// The role's trust policy must allow that it is assumed, and sts:TagSession and
// sts:SetSourceIdentity where tags or a source identity are passed. For
// sts:AssumeRole the caller's own policies, boundary and session policies take
// part, and the control policies of the organization for both. An invalid
// request is refused before the role is looked up. The error for a role that does
// not exist is the same as for one that trusts somebody else, so that callers do
// not learn which roles exist: an [AccessDenied], whose detail is for the operator.
//
// IAM's limits on names and tags hold. What exceeds them is refused, never cut.
//
// Where AWS's documentation is silent: only users and sessions of roles assume
// roles in a chain. The tags of a session do not follow into the next one; its
// source identity does, and needs sts:SetSourceIdentity again. A claim that is a list
// of strings, such as groups, is a multivalued condition key of trust policies; a
// claim that is neither a string nor such a list is not a condition key.
package sts
