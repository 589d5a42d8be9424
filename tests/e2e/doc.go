// Package e2e contains the end-to-end scenarios: real clients, a real Envoy, a real
// registry and policy files.
//
// scenarios_test.go has the table of all scenarios, in groups that share a stack. The
// other files contain the scenarios of one subject each, and the clients, images, issuers
// and policies that they use. testdata has policies, an Envoy configuration that leaves
// every path unchanged, and hostile requests.
package e2e
