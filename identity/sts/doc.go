// Package sts builds callers as AWS STS does: from the IAM users and roles that exist, and
// from the sessions that it issues.
//
// [Entities] contains the users and roles. A [CallerIdentity] comes from one of these methods:
//
//   - [Entities.Caller] makes the caller that the operator configured for a credential. It
//     does not evaluate trust policies.
//   - [Entities.AssumeRoleWithWebIdentity] makes the session of a role that a verified
//     token assumes.
//   - [Entities.AssumeRole] makes the session of a role that another caller, a user or a
//     session, assumes.
//   - [Entities.FederatedUser] makes the session of a federated user, and
//     [Entities.SessionOfUser] gives a user temporary credentials.
//
// The package does not know how a credential was verified.
//
// A role's trust policy must allow that it is assumed, and also sts:TagSession and
// sts:SetSourceIdentity if tags or a source identity are passed. For sts:AssumeRole the
// caller's own policies, boundary and session policies apply too, and for both the
// organization's control policies. An invalid request is rejected before the role is
// looked up. The error for a role that does not exist is the same as for one whose trust
// policy denies, an [AccessDenied], so that clients cannot find out which roles exist.
// Its detail is for the operator.
//
// IAM's limits on names and tags apply. What exceeds them is rejected and never cut.
//
// AWS does not document the following. This package decides:
//
//   - Only users and sessions of roles assume roles in a chain.
//   - What a session inherits counts as passed again: its source identity needs
//     sts:SetSourceIdentity, and its transitive tags need sts:TagSession and are in
//     aws:RequestTag. Other tags of a session are not passed on.
//   - A claim that is a list of strings, such as groups, is a multivalued condition key of
//     trust policies. A claim that is neither a string nor such a list is not a condition key.
package sts
