// Package replay decides the requests of a decision log again by the policies of a directory,
// and reports which decisions change.
//
// [Policies] decide an [decisionlog.Entry] as the sidecar would decide the same request now,
// with what the log recorded: the caller and its session, the client's address and headers,
// and the time. The time of the request is the current time of the decision, so that a
// condition on aws:CurrentTime has the result that it had. Everything else follows from the
// directory: the mapping to actions, policies, tags and the organization.
//
// Credentials are not in the log, so that callers are not authenticated again. A caller whose
// user or role the directory does not have, or whose source of identity its registry does not
// accept, is unauthenticated. Other changes of credentials, issuers and trust policies have no
// effect on the result.
//
// A line that lacks what determined its decision is not decided: the error is an [Unable].
//
// A [Comparison] decides each request twice, or compares with the recorded decision, and
// groups the differences.
package replay
