// Package stack runs the whole system: a registry, extauthz, and Envoy in
// front of both.
//
// A scenario sees it through the interface Stack only, so that it does not
// matter whether the parts are processes, as here, or containers. Envoy runs
// with one of the example configurations as it is, but for the addresses: what
// is tested is what is shipped.
//
//	stack.go             what a stack is, and what one is made of
//	build.go             the programs that it needs, for one test binary too
//	processes.go         a stack of processes on loopback addresses
//	wire.go              where its parts find each other
//	process.go           one process: its log, its end
//	envoy.go             the example configuration with other addresses
//	ready.go             waiting until a part answers
//	tail.go              the end of what a part logged
package stack
