// Package iam implements the policy language of AWS Identity and Access Management. It
// compiles policy documents and decides requests by them as AWS does.
//
// [Parse] reads the text of one document, and [Document.Compile] compiles it. It reports
// everything that is invalid in it, with line, column and remedy, so that evaluation
// cannot fail. [Policies] contains the compiled policies that apply to one request, by
// class, and [Policies.Evaluate] decides: it is pure, total and does not allocate.
// [Policies.Explain] returns the same decision with its reasons. The package does not use
// a clock, files or a log.
//
// # How a request is decided
//
//  1. A Deny that applies, in any class, denies.
//  2. Callers without an account (anonymous callers, AWS services, identity providers)
//     are allowed by resource-based policies alone.
//  3. Every level of service control policies must allow.
//  4. Within one account, a resource-based policy that names everyone, the user or the
//     session allows directly: neither the permissions boundary nor the session policy
//     must allow. If it names the session's role, or the user who requested the session,
//     it only replaces the identity policies. If it names the account, the caller's
//     identity policies must allow too. The root user needs no identity policy.
//  5. Across accounts the caller's identity policies and a resource-based policy must
//     both allow. To assume a role, its trust policy must allow within its account too,
//     but there an entry that names the account is enough. A root user cannot assume a
//     role.
//  6. The permissions boundary and the session policy, if there are any, must allow. A
//     federated user without a session policy has only what a resource-based policy
//     grants to the session or to everyone.
//
// Service control policies do not apply to the management account and service-linked
// roles. Resource control policies do not apply to the management account's resources
// and service-linked roles.
//
// # Which statements are looked at
//
// A statement covers a set of actions, which is computed when it is compiled. Policies with
// more than 16 statements have an index, and a list of identity policies can have an [Index]. A
// decision then evaluates only statements that cover the action and whose Resource begins with
// the same literal text as the resource. In resource-based policies the statement must also name
// the caller, its role, its account or everyone. Each is evaluated once. Among n statements of
// which k are looked at, this takes O(log n + k) steps for each of at most five keys of the
// caller. A statement whose Resource has no literal beginning (a variable, a wildcard, "*",
// NotResource) is looked at for every resource, one with NotPrincipal for every caller.
//
// Long lists within a statement are searched in the same way: literals by their hashes,
// patterns by their beginnings, address ranges in O(log n), and principals by their keys.
// [Policies.Inputs] returns what else of a request a decision depends on, and
// [Inputs.Evaluate] decides again for the same caller, action and resource: if the statements
// that may apply to them are few, it looks only at those.
//
// # Cost
//
// The cost of one decision is bounded, whatever the policies and the request contain.
// Compile refuses a policy by which one decision could take more than 3,500,000 steps of
// about a nanosecond; no document within AWS's quotas does. Evaluation counts its steps
// and denies a request that needs more than 3,500,000 for one policy that is searched by
// itself, or 28,000,000 for all policies, which [Explanation.Exhausted] reports.
//
// The README describes how the package decides where AWS's documentation is silent. The
// rule is that what is unclear never helps the caller.
package iam
