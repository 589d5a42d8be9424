// Package stack runs the whole system: a registry, extauthz, and Envoy in front of both.
//
// Envoy runs with one of the example configurations, in which only the addresses are
// replaced, so that what is tested is what is shipped. Tests use the interface Stack, which
// does not depend on whether the parts are processes, as here, or containers.
package stack
