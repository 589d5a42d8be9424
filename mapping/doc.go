// Package mapping maps a registry request to the actions and resources of Amazon ECR that it
// needs. No other package interprets the paths under /v2/.
//
// # The contract
//
// A request is interpreted completely or refused. Method, raw path and query are read exactly
// as they will be forwarded. Nothing is percent-decoded, normalized or lower-cased first, because a server
// behind Envoy could do that differently and use another repository. A request that two
// registries could interpret in two ways is refused, even if the registry in use would
// interpret it harmlessly.
//
// The body is not read. If its Content-Type could be that of a form, and a form could change
// what the request does, the request is refused.
//
// If `from` cannot name a repository (it is absent, empty, in upper case, or contains a host),
// the mount is a plain upload, as registries treat it. The mapping then removes the parameters
// of the mount.
//
// Every permission of a mapping that is not optional must be allowed, or the request must not
// be forwarded.
//
// # What each request needs
//
// The variable operations describes each operation. README.md lists requests, actions and
// resources, and a test compares it with Map.
//
// /v2 without a trailing slash means /v2/, because registries treat both the same or redirect, and
// neither contains a repository. blobs/uploads without its slash means blobs/uploads/. Every
// other path and method is refused.
//
// Reading a repository below a pull-through prefix (blobs, manifests, tags, referrers, or a
// mount from it) imports it, so that it also needs BatchImportUpstreamImage, and
// CreateRepository if the repository is missing. Writing a manifest and every request about an
// upload can create a missing repository and therefore need CreateRepository too. Without an
// inventory every repository counts as existing, unless the registry is configured to assume
// that every repository is missing.
//
// The rules come from the OCI Distribution Specification 1.1 and its 1.2 draft, the Service
// Authorization Reference for Amazon ECR, and the ECR User Guide.
package mapping
