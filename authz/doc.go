// Package authz authorizes one registry request: it finds the registry and the caller, maps
// the request to permissions, evaluates them, and returns the answer for the client.
//
//	Request ─▶ registry ─▶ identity ─▶ mapping ─▶ decision ─▶ Result
//	           └────────────── one policystore.Snapshot ──────┘
//
// The package does not depend on gRPC or Envoy's messages, so that the service and the
// commands give the same answers. A [Checker] never returns an allow that was not decided:
// the zero [Result] refuses, a panic refuses the request, and before the first good snapshot
// every request is unavailable.
//
// # Answers
//
// Registry clients stop at a 403 for /v2/, and send credentials only after a challenge. The
// answers are therefore (OCI Distribution Specification, "Error Codes"):
//
//	allowed            forwarded, without the Authorization header
//	unauthenticated    401 UNAUTHORIZED with a Basic or Bearer challenge, without a valid
//	                   credential, and on /v2/ without the permission to log in
//	explicitDeny       403 DENIED, in AWS's words
//	implicitDeny       403 DENIED, in AWS's words
//	refused            the status of the mapping; 421 DENIED for an unknown host (RFC 9110,
//	                   section 15.5.20); 403 DENIED for a request that did not come through
//	                   the registry's trusted hops
//	unavailable        503 UNAVAILABLE: no policies yet, out of time, or a fault
//
// The Detail of a registry limits the reason that the client sees: AWS's sentence, the
// action only, or nothing. If a registry hides existence, the 403 for a repository that the
// caller may not read is a 404 NAME_UNKNOWN. The result always contains the whole reason, for
// the log. A Checker can also add the whole reason to a denial in encrypted form, for the operator
// only (package denialmessage).
//
// # Dry runs
//
// A request whose path begins with /dry-run/ is decided as the request without this prefix. Its
// answer never allows: 412 DryRunOperation or 403 UnauthorizedOperation, with the decision on each
// permission. Everything that is not a decision of the policies is answered as usual.
//
// # Logging in
//
// Amazon ECR requires ecr:GetAuthorizationToken when it issues a token. Here every request
// requires it in addition to its own actions, so that its removal takes effect at once. A
// registry can be configured to require it for /v2/ only. Callers without identity policies,
// which are services and anonymous callers, do not need it, because nothing could grant it to
// them. An anonymous caller that policies deny gets 401 and never 403, because with a
// credential it might be allowed.
//
// # Context
//
// The context contains, in this order, the condition keys of the request (address,
// transport, time), those of the caller, those of the registry's account and organization,
// those of the image, and the tags of the resource. Of two entries with one name, the first
// counts. Only aws:UserAgent and aws:referer are text that the client chooses: aws:SourceIp
// is the connection's peer or what trusted proxies report, and aws:SecureTransport depends on
// facts of the TLS connection.
package authz
