// Package router compares extauthz/mapping with the registry of the CNCF
// Distribution project, version 3, on the same requests: whatever the registry
// would do to a repository, the mapping must have asked for it, or refused.
//
// The registry is the real one from the bytes on: Go's parser of requests, the
// router with its cleaning and decoding of paths, the handlers with their
// reading of queries and of forms in bodies, and the verification of signed
// upload states. Only its store is replaced, by one that has every repository
// and writes down every effect: which repository was opened, and what was read,
// listed, mounted, written or deleted there under which digest, tag or upload.
//
// The mapping sees the request as Envoy shows it, and the registry sees it as
// Envoy passes it on: without the query parameters that it would be told to
// remove, once with every permission granted and, where some are optional, once
// without those. Then every effect must be on a repository on which its action
// was asked, and on the digest, tag or upload that the mapping reports.
//
// # What is not compared
//
// What Envoy does to a request before it asks, and whether it passes on the
// bytes that were judged: the end-to-end scenarios hold that. The content of
// what is stored: a manifest that names a blob of another repository is for the
// registry to judge. That a tag and a digest name one image: what a policy denies
// by the one is read and deleted by the other.
package router
