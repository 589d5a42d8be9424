// Package decision decides whether a principal may perform an action on a resource, by the
// policies of one snapshot, and caches the decisions.
//
// An [Engine] is made once from the [Policies] of a snapshot. Only its cache changes
// afterwards. The tables of policies are immutable values: those of the next snapshot share what
// did not change. The cache is discarded with the engine, so that no decision outlives the
// policies that it is based on.
//
// # The cache
//
// The principal, the action, the resource and the session policies of a request determine
// the statements that could apply. These statements mention condition keys, the inputs of
// the decision. The cache contains the inputs for each principal, action and resource, and
// the decision for each combination of their values. Most decisions have no inputs, and are
// found with one look-up; the others take two. If no statement mentions the client's
// address, one decision applies to all addresses. With the inputs, the cache contains the
// statements that could apply, if they are few, and a decision that it does not contain
// evaluates only these.
//
// Comparing the time with a date changes its result only at that date. So the time is not
// one of the values: a decision is cached with the period between two such dates. The cache
// is bypassed if a statement uses the time in another way, such as a pattern for its text,
// if a key is ambiguous, if the values are longer than 2 kB, or if the decision depends on
// more than 256 keys and dates.
//
// A decision is cached the second time it is requested, because many requests never occur
// again. A decision that is not cached allocates nothing. Finding a cached decision
// takes about a sixth of the time of making it for the policies of the benchmarks, and less
// in comparison for conditions with many patterns. Lookups of recent decisions
// take no lock.
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
