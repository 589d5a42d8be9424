// Package decisionlog writes one line of JSON for each decision, and reads these lines.
//
// A check does not wait for the log. It encodes its line and adds it to a batch. One
// goroutine writes a batch at most [FlushInterval] after its first line, as soon as it has
// [FlushSize] bytes or half of the lines that may wait, and when the log is closed. If the
// sink is slow, full or broken, lines are lost and counted. If the process is killed, the
// lines that wait are lost.
//
// If the log is required, a batch is written at once, and a check waits for its line for at
// most half of its deadline. If the line is not written by then, the request is refused.
//
// A [File] is the usual sink. It is rotated by size and age, and can be opened again after
// another program renamed the file.
//
// A line contains the decision and no credential: no header, no query and, for a refused
// request, no text of the request that the refusal quotes.
//
// A [Reader] reads a log one [Entry] at a time. It skips and counts lines that are not
// decisions.
//
// README.md describes the fields: name, type, meaning, and when each is present.
package decisionlog
