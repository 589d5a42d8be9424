// Package bounded runs programs under a time limit. A program that reaches the limit is
// ended together with all that it started, and the error is one line that says so.
//
//	run.go               one program
//	docker.go            whether a Docker engine responds
//	slowness.go          how much longer everything takes on a busy machine
//	attributes_linux.go  how a process is tied to its parent
//	attributes_other.go  and where it can be tied less
package bounded
