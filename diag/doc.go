// Package diag describes faults in the files of an operator: where a fault is, how much
// it matters, what is wrong and what to do about it.
//
// A [Diagnostic] is an error. Its text has one form everywhere:
//
//	file:line:column: problem; remedy
//
// A [List] holds the diagnostics of a whole directory, in the order of files and lines.
// Code that checks files collects what it finds with [Faults] and goes on to the next
// independent part. The functions WriteText, WriteJSON, WriteSARIF and LogAttrs render
// diagnostics. No other code formats a position.
package diag
