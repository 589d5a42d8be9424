// Package bounded runs programs under a time limit. A program that reaches its limit is
// ended together with everything that it started, and the error is one line that says so.
package bounded
