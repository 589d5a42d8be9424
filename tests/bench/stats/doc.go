// Package stats summarizes measurements: the spread of rounds, ratios between servers, and
// the distribution of latencies.
package stats
