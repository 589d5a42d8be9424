// Package result keeps the measurements of a benchmark: as JSON, as tables, and compared with
// those of another run.
//
// Absolute times depend on the machine and on what else runs there. So tables show ratios to
// the server [Base], which was measured in the same round, with the median and the range over
// all rounds.
package result
