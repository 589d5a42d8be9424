// Package router compares extauthz/mapping with the registry of the CNCF
// Distribution project, version 3, on the same requests: for everything
// that the registry would do to a repository, the mapping must require the permission, or
// refuse the request.
//
// The registry's own code handles the bytes of a request: Go's HTTP parser, the router,
// which cleans and decodes paths, the handlers, which read queries and forms in bodies,
// and the verification of signed upload states. Only the store is replaced. The
// replacement has every repository and records every effect: which repository was opened,
// and what was read, listed, mounted, written or deleted there, with its digest, tag or
// upload.
//
// The mapping receives the request as Envoy describes it. The registry receives it as
// Envoy forwards it, without the query parameters that the mapping removes: once with
// every permission granted and, if some are optional, once without those. Every effect must
// be on a repository for which its action is required, and on the digest, tag or upload
// that the mapping reports.
//
// # What is not compared
//
//   - What Envoy does to a request before the check, and that it forwards the bytes that
//     were checked: the end-to-end scenarios test this.
//   - The content that is stored. The registry itself checks a manifest that refers to a
//     blob of another repository.
//   - That a tag and a digest name the same image: an image that a policy denies by its tag
//     can be read and deleted by its digest.
package router
