// Package decision decides whether a principal may perform an action on a resource, by the
// policies of one snapshot, and caches the decisions.
//
// An [Engine] is compiled once from the [Policies] of a snapshot. Only its cache changes
// afterwards. The cache is discarded with the engine, so that no decision outlives the
// policies that it is based on. The key of a decision contains the principal, the action,
// the resource, the session policies, and the values of exactly those condition keys that
// the applicable policies mention. If a policy mentions the time, the time is part of the
// key. If no policy mentions the client's address, one decision applies to all addresses.
//
// # Which policies apply
//
// Identity policies and a permissions boundary belong to a user, to the role of a session,
// or to the user who requested a federated session. The root user, services and
// anonymous callers have none. The root user has full access to its own account, except
// where a Deny or a service control policy applies. Services and anonymous callers have
// the access that resource-based policies grant.
//
// A repository policy applies to every action on its repository except
// ecr:CreateRepository, which precedes the repository. The policy of the registry is a
// second resource-based policy of each repository, and the only one of a repository that
// has none or does not exist. Neither applies to an action on "*", such as
// ecr:GetAuthorizationToken. Only identity policies grant it.
//
// The service control policies of the caller's account apply, and the resource control
// policies of the resource's account. For an action on "*" these are the resource control
// policies of the caller's account. Each account has the policies on its own path in the
// organization.
package decision
