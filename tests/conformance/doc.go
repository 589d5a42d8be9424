// Package conformance holds that extauthz changes nothing for who may do
// everything: the workflows of the OCI Distribution Specification are sent to
// a registry alone and, with the same content, to one behind Envoy and
// extauthz, and every status, header and body is the same.
//
// The registry is CNCF Distribution's, v3.1.2. It lacks two newer parts of the
// specification, and says the same without Envoy and behind it: it has no list
// of referrers (end-12a, end-12b: 404, so that clients keep the list under a
// fallback tag), and of a manifest pushed by digest it takes no tags from the
// query (end-7b: 201 without OCI-Tag, and no such tag afterwards). Referrers are
// therefore also asked of go-containerregistry's registry, which lists them,
// though it does not filter by artifactType: no answer here has the headers
// OCI-Filters-Applied, OCI-Subject and OCI-Tag.
//
//	sides_test.go       the two registries
//	answer_test.go      what is compared of two answers
//	exchange_test.go    one request, sent to both
//	content_test.go     the blobs and manifests that are sent
//	workflow_test.go    the table of workflows
//	listing_test.go     a registry that lists referrers itself
//	push_test.go        the workflow Push
//	pull_test.go        the workflow Pull
//	discovery_test.go   the workflow Content Discovery
//	management_test.go  the workflow Content Management
package conformance
