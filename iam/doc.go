// Package iam is the policy language of AWS Identity and Access Management:
// it reads policy documents and decides requests by them as AWS does.
//
// [Compile] reads one document strictly; all that can be wrong with it is an
// error there, with line, column and remedy. [Policies] holds the compiled
// policies in play for one request, by class, and [Policies.Evaluate] decides:
// it is pure, total and free of allocation. [Policies.Explain] gives the same
// decision with its reasons, which cost nothing until they are asked for. The
// package knows no clock, no files and no log.
//
// # Where the rules come from
//
// The IAM User Guide is the authority, and above it what has been measured on
// AWS (the table of the public repository benkehoe/permissions-boundary-test).
// Below it come the answers of the policy simulator and of the AWS API, as the
// moto project collected them. The tests name the source of each case.
//
// # How a request is decided
//
// The order is that of [Policies.Evaluate]'s decision procedure:
//
//  1. A Deny that applies, in any class in play, denies.
//  2. Callers without an account (anonymous ones, AWS services, identity
//     providers) are allowed by resource-based policies alone.
//  3. Every level of service control policies must allow.
//  4. Within one account a resource-based policy allows directly if it names
//     everyone, the user, or the session: neither boundary nor session policy
//     need allow. If it names the session's role, or the user who federated,
//     it stands in for the identity policies only. If it names the account it
//     delegates, and identity policies must allow. The root user of the account
//     needs neither: it has full access (IAM User Guide, "AWS account root user").
//  5. Across accounts the caller's identity policies and a resource-based
//     policy must both allow. To assume a role (an action of AWS STS on the
//     role's ARN) its trust policy must allow within its account too, be it by
//     naming the account; everyone is named there as the role of a session is,
//     not directly, and so is nobody without an account. A root user cannot
//     assume a role, although it has full access to its own account (AWS STS
//     API Reference, AssumeRole).
//  6. Boundary and session policy, where there are any, must allow. A federated
//     user without a session policy has only what a resource-based policy grants
//     to the session itself, or to everyone.
//
// Service control policies spare the management account and service-linked
// roles, resource control policies the management account's resources and
// service-linked roles. AWS attaches RCPFullAWSAccess everywhere, so that
// resource control policies only deny here.
//
// A Deny with NotPrincipal exempts a caller only if every principal that its
// request carries is listed: for a user the account and the user; for a role
// session the account, the role and the session; for a federated user the account,
// the user who requested the session, and the session; for the root user the
// account; for a service the service (IAM User Guide, "AWS JSON policy elements:
// NotPrincipal", Key points and both examples; AWS re:Post Knowledge Center,
// "explicit-deny-principle-elements-s3"). It never exempts a caller who has a
// permissions boundary.
//
// # Decisions where AWS's documentation is silent
//
// The rule behind them: what is unclear never helps the caller.
//
// Callers. Anonymous requests are evaluated; whether they come this far is for
// the caller of this package. A root user has no access to another account on its
// own: across accounts identity policies must allow, which a root user does not
// have. Where a boundary or session policy is given for a root user, it limits it.
// A caller whose parts contradict each other (an ARN of another kind or account, a
// RoleARN of another role, a UserARN of no user of the account) is denied. Two
// accounts with one number in two partitions are different accounts, and an account
// id in a policy means the partition of the resource.
//
// Principals. In NotPrincipal, "*" lists every principal except an identity
// provider, and an anonymous caller is listed by nothing else. A federated user is
// not exempt where the user who requested the session is not known. Role names are
// compared without regard to case and path, for the names of an account's
// roles never differ in those alone; users, sessions and services are compared
// byte for byte. Unique ids (AIDA..., AROA...) and CanonicalUser match nobody.
// Federated entries match a [FederatedProvider] only, and "*" does not let one
// in. Statements of resource-based policies without a principal, and Allow with
// NotPrincipal, are refused when compiled.
//
// Actions. The action of a request is a prefix, a colon and a name of visible
// ASCII characters without wildcards; another one is never allowed. A blank in
// a policy's action, behind its colon, is accepted, as AWS does, and never matches.
//
// Resources. Every segment of an ARN is compared with regard to case. Wildcards
// match in every segment and in the resource type, as in AWS's managed policies. In
// the service, where IAM refuses them, they match in a Deny and in NotResource; an
// entry in the Resource of an Allow that has one matches nothing. An ARN with too
// few segments is filled up with ":*" in policies attached to principals, with a
// finding, and refused in others. An action of ECR without a resource type, such as
// ecr:GetAuthorizationToken, is allowed by identity policies only (and to a root
// user without them), and there by "*" only; a Deny applies by the resource that the
// request names. A repository policy's statement without Resource is about every
// resource: give it to the evaluation of its own repository.
//
// Policy variables. An entry of NotResource that contains one without a value
// matches nothing, so that it excludes nothing; the other entries still exclude what
// they match. An Allow does not apply, however, if the text before that variable
// matches the beginning of the resource. The value is literal, with its wildcards,
// colons and "${"; a default value too. An empty value is a value. A multivalued key
// has none, and no default either. A "${...}" that is not of the documented form is
// refused, and one that never ends is text. In an ARN condition variables may
// stand anywhere; in Resource only after the fifth colon.
//
// Conditions. Where the request's value has not the operator's type, or the
// policy compares an ARN with a lone "*" (whatever the request has), the
// condition is false in an Allow and true in a Deny, negated or not. A multivalued key without a set operator
// is false in an Allow; in a Deny one matching value suffices. An empty list is
// an absent key, for Null too; without a set operator it is false in an Allow
// all the same. A single-valued empty string is null, and an empty set for
// ForAllValues and ForAnyValue. IfExists has no effect under ForAnyValue. Null
// takes no IfExists. With a set operator and an absent key, Null has two readings:
// as without the set operator, and as the set operator of an empty set. Where they
// differ the condition is false in an Allow and true in a Deny. An empty list of
// values to compare with matches nothing. A policy variable in Bool that has no
// value matches nothing; if its value is not a boolean, the condition is false in
// an Allow and true in a Deny. In a policy a time without a zone is UTC, with a
// finding; in a request such a time is not a date. Numbers are compared exactly, to the last
// digit, and have no exponent. Four digits are a year, other digits are
// seconds since 1970. An IPv4 address mapped into IPv6 is IPv4.
//
// Tags whose keys differ only in case ([ContextEntry.Ambiguous]). A policy that writes
// the key exactly like one of them means this one. For another policy the key is
// ambiguous: a condition on it, and one with a variable of it, is false in an Allow
// and true in a Deny, and a Resource or NotResource with such a variable does not
// match in an Allow and matches in a Deny.
//
// Condition keys. After the prefix a name may contain further colons. A key
// without a prefix is absent from every request; it gets a finding. A key of this
// project's namespace that does not exist is an error, also in a policy variable,
// because a Deny with it would never apply.
//
// Documents. An unknown ECR action, partition or global condition key, and a
// size beyond AWS's quota, are findings, for AWS adds and raises; an unknown
// element or operator is an error, for ignoring it could lose a restriction.
// Only where AWS Organizations demands version 2012-10-17 is an older one an
// error. Sids are checked where IAM does; ECR takes any text. Resource in a
// repository policy is evaluated, with a finding: ECR has refused it at times.
//
// Extensions. [KeyReference] and [KeyReferenceType] are condition keys of this
// project; a policy that uses them gets a finding.
//
// # Cost
//
// One decision is bounded, whatever the policies and the request contain. The
// unit is a step, which takes about a nanosecond or less.
//
//   - Compile refuses a policy by which one decision could take more than
//     3,500,000 steps. Every document within AWS's size quotas costs less,
//     whatever it contains, and so does every policy that AWS manages.
//   - Evaluation counts its steps. It stops, and the request is denied, when one
//     policy takes more than 3,500,000 steps or all policies in play together
//     take more than 28,000,000. That takes very many large policies full of
//     wildcards, or policy variables with long values, together with a request
//     that is made for it. [Explanation.Exhausted] reports it.
//
// The bounds follow from the lengths of what a client can have compared with a
// pattern: a header has at most 4 KiB, the ARN of a repository 512 bytes, and the
// claims of a token 8 KiB. Matching takes a step for each byte of the value and
// each 64 characters of patterns that have wildcards before their end; texts
// without wildcards are found by their hash, however many there are, and
// addresses by binary search.
package iam
