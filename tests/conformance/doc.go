// Package conformance holds that extauthz changes nothing for who may do
// everything: the workflows of the OCI Distribution Specification are sent to
// a registry alone and, with the same content, to one behind Envoy and
// extauthz, and every status, header and body is the same.
//
//	sides_test.go       the two registries
//	answer_test.go      what is compared of two answers
//	exchange_test.go    one request, sent to both
//	content_test.go     the blobs and manifests that are sent
//	workflow_test.go    the table of workflows
//	push_test.go        the workflow Push
//	pull_test.go        the workflow Pull
//	discovery_test.go   the workflow Content Discovery
//	management_test.go  the workflow Content Management
package conformance
