// Package conformance checks that extauthz changes nothing for a caller that may do everything. It
// sends the workflows of the OCI Distribution Specification, with the same content, to a registry
// and to one behind Envoy and extauthz: every status, header and body must be the same.
//
// The registry is CNCF Distribution's, v3.1.2. It lacks two newer parts of the specification, with
// and without Envoy: it does not list referrers (end-12a, end-12b: 404, so that clients keep the
// list under a fallback tag), and ignores tags in the query when a manifest is pushed by digest
// (end-7b: 201 without OCI-Tag). Requests for referrers therefore also go to go-containerregistry's
// registry, which lists them but does not filter by artifactType. No response here has the headers
// OCI-Filters-Applied, OCI-Subject and OCI-Tag.
package conformance
