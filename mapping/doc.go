// Package mapping says what a registry request asks for in the language of
// Amazon ECR: which actions, on which repositories. It is the only place that
// knows the paths under /v2/.
//
// # The contract
//
// A request is either understood completely or refused. The method, the raw
// path and the query are judged exactly as they will be forwarded; nothing is
// decoded, cleaned or folded first, because a second reader downstream might
// do that differently and act on another repository. What has a meaning that
// two registries could read in two ways is refused, even where the registry at
// hand would read it harmlessly.
//
// A body counts as far as its Content-Type says that it might be a form, where
// registries would read one: then the request is refused.
//
// A mount is one only with a source that can be a repository. Registries start a
// plain upload where it is empty, in upper case, a name with a host or not there at
// all, and so does the mapping: it removes both parameters.
//
// Every permission of a mapping that is not optional must be allowed, or the
// request must not be forwarded.
//
// # What each request needs
//
// README.md has the table of requests, actions and resources, which a test compares
// with Map.
//
// /v2 without its slash counts as /v2/ (registries answer it alike or redirect
// to it, and neither names a repository); blobs/uploads without its slash
// counts as blobs/uploads/. Every other path and method is refused.
//
// A repository under a pull-through prefix is filled by being read, so whatever
// reads it (blobs, manifests, tags, referrers, and a mount from it) also asks
// BatchImportUpstreamImage, and CreateRepository if the inventory does not know
// it. Writing a manifest and every request about an upload can make an unknown
// repository appear, so those ask CreateRepository too. Without an inventory every
// repository counts as existing, unless the registry is set to assume that every
// one is missing.
//
// # Map of the files
//
//	mapping.go      Request, Mapping, and Map: the steps in order
//	registry.go     Registry: what ARNs are made of, and the registry's own ways
//	repository.go   names and ARNs of repositories, for other packages
//	operation.go    Operation: what a method does at an endpoint
//	path.go         the path, read from the right
//	name.go         the grammars of repository names and references
//	query.go        the strict reader of queries
//	header.go       headers that could change the meaning of a request
//	permission.go   operation to actions and ARNs
//	refusal.go      Refusal: what is said of a request that is not understood
//
// The rules come from the OCI Distribution Specification 1.1 and its 1.2 draft,
// the Service Authorization Reference for Amazon ECR, and the ECR User Guide.
package mapping
