// Package decisionlog writes one line of JSON for each decision.
//
// A check does not wait for the log. Its result enters a queue of limited length, and one
// goroutine evaluates the reasons and writes the line. If the sink is slow, full or broken,
// lines are lost and counted. If the log is required, a check waits for its line for at most
// half of its deadline. If the line is not written by then, the request is refused.
//
// A [File] is the usual sink. It can be opened again after a program renamed the file.
//
// A line contains the decision and no credential: no header, no query and, for a refused
// request, no text of the request that the refusal quotes.
//
// README.md describes the fields: name, type, meaning, and when each is present.
package decisionlog
