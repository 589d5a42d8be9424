// Package decisionlog writes one JSON line for each decision.
//
// A check never waits for the log: its result goes into a bounded queue, and
// one goroutine works out the reasons and writes. When the sink is slow, full
// or broken, lines are lost and counted. A log that is required turns this
// around: a check then waits for its line, though not past half of its own
// time, and is told when there is none, so that it can be refused.
//
// A line holds what was decided about whom, and nothing that could be a
// credential: no header and no query, and of a request that was refused neither
// its path nor anything else that its refusal quotes.
//
// The fields, beside slog's time, level and msg (which is "decision"):
//
//	decision       allowed, implicitDeny, explicitDeny, unauthenticated, refused or unavailable
//	reason         one line; absent for an allow
//	requestId      Envoy's x-request-id
//	registry       the registry's name
//	principal      the caller's ARN, a service's name or anonymous; absent where nobody was identified
//	user           of a failed login: the user of the password file; absent for a name that
//	               is not in the file, which might be a password
//	source         where the caller's credential came from
//	issuer         of a caller who showed a token: the name of its issuer
//	keyId          likewise: the kid of the key that signed it
//	clientAddress  the peer of the connection or, behind trusted proxies, the client that they name
//	method         the request's method
//	operation      such as GetManifest; with repository and reference
//	actions        what was asked about: action, resource, decision, optional, and
//	               the statements that matched: effect, policy file, sid, line
//	digest         of the policies that decided
//	latencySeconds from the check's arrival to its answer
//
// The map of the package:
//
//	mode.go    Mode: which decisions are logged
//	log.go     Log: the queue and its writer
//	entry.go   one decision as a line
//	line.go    whole lines to a sink that may fail in the middle of one
package decisionlog
