// Package decision answers whether a principal may perform an action on a
// resource, by the policies of one snapshot, and remembers what it answered.
//
// An [Engine] is compiled once from the [Policies] of a snapshot and immutable
// from then on, but for its cache. The cache belongs to the engine and dies
// with it, so that nothing in it can outlive the policies it was computed
// from. Its key holds the principal, the action, the resource, the session
// policies, and the values of exactly those condition keys that the policies in
// play mention. A decision that depends on the clock is therefore keyed by the
// clock's value, and one that does not mention the client's address serves every
// address.
//
// The identity policies and the boundary of a caller are those of a user, of a
// session's role, or of the user who federated. The root user, services and
// anonymous callers have none. The root user has full access to its own account,
// except where a Deny or a service control policy says otherwise; services and
// anonymous callers have what a repository policy grants.
//
// A repository policy has a part in every action on its repository but
// ecr:CreateRepository, which comes before it. The policy of its registry is a
// second resource-based policy beside it, and the only one of a repository that
// has none or is to be created. Neither has a part in actions on "*", such as
// ecr:GetAuthorizationToken, which identity policies alone grant: a Deny of it
// belongs there, or into a service control policy.
//
// The service control policies of the caller's account apply, and the resource
// control policies of the resource's account, for an action on "*" of the caller's.
// Each account has those on its own path in the organization.
//
// [Engine.Decide] gives the decision alone and allocates nothing when the
// cache has it. [Engine.Explain] works out why, from the same policies, when a
// denial, the log or a person asks.
package decision
