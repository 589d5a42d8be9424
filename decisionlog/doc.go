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
// README.md describes the fields: name, type, meaning, and when each is present.
package decisionlog
