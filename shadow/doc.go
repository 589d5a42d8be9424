// Package shadow decides requests a second time by other policies, without an effect on their
// answers, and reports which decisions differ.
//
// [Shadow.Submit] is called with a request and its answer. It copies them into a queue and
// returns: it never waits and never panics. Workers decide the request by the other policies,
// which have their own snapshot, caches and keys of issuers. If the workers cannot keep up,
// requests are dropped and counted. A decision that takes longer than [Timeout], or panics, is
// counted as unavailable.
//
// The second decision begins with the credential, so that it also shows the effect of changed
// users, bindings and trust policies. A request whose credential was not valid is not decided
// again: checking a wrong password costs an attacker nothing and the sidecar much.
package shadow
