// Package access answers questions about all principals and repositories of a policy
// directory: who may perform an action on a repository, what a principal may do, and what
// another directory changes.
//
// A [Directory] lists the callers that the credentials of a snapshot can authenticate, and
// those that its policies name. [Directory.WhoCan] and [Directory.WhatCan] decide for each of
// them what is known without a request: the principal, its tags, the repository and its tags
// are known, and the client's address, the time, the headers and the image are not.
// [iam.Policies.EvaluateOpen] evaluates with these unknowns. An access that depends on them is
// listed with the conditions that remain.
//
// # What the answers promise
//
// If a request of a caller is allowed, the answer lists the caller. If the answer lists
// an access as unconditional, every request is allowed, unless evaluating it takes more steps
// than a decision may take. A conditional access may be one that no request has, because
// conditions of several statements are not combined. The README describes what is known and
// what is not.
//
// # Differences
//
// [Compare] searches for requests that one directory allows and another denies: for each
// principal, action and candidate for a repository whose [iam.OpenDecision] differs, it
// evaluates combinations of candidates for the values that are not known.
package access
