// Package authz takes one registry request through to its answer: who calls,
// what is asked, is all of it allowed, and what the client is told.
//
//	Request ─▶ registry ─▶ identity ─▶ mapping ─▶ decision ─▶ Result
//	           └────────────── one policystore.Snapshot ──────┘
//
// It knows neither gRPC nor Envoy's messages, so that every door gives the same
// answers: the ext_authz service, a test, a command. A [Checker] never returns
// an allow that was not decided: the zero [Result] refuses, a panic becomes a
// refusal, and before the first good snapshot every request is unavailable.
//
// The answers are those a registry client understands (OCI Distribution
// Specification, "Error Codes"; clients abort on a 403 for /v2/ and never send
// credentials unless /v2/ challenges them):
//
//	allowed            forwarded, without the Authorization header
//	unauthenticated    401 UNAUTHORIZED with a challenge, Basic or Bearer: no
//	                   credential, one that does not hold, or no right to log
//	                   in, on /v2/
//	explicitDeny       403 DENIED, in AWS's words
//	implicitDeny       403 DENIED, in AWS's words
//	refused            what the mapping says: a request that cannot be judged;
//	                   421 DENIED for a host that is no registry served here
//	                   (RFC 9110, section 15.5.20), /v2/ included; 403 DENIED
//	                   for what came around the registry's trusted hops
//	unavailable        503 UNAVAILABLE: no policies yet, out of time, or a fault
//
// A registry's detail says how much of the reason a 401 or 403 tells the client:
// full, AWS's sentence, and for a 403 an error detail with action, resource and
// decision; action, which action it was; none, that it is denied. Where a
// registry hides existence, a 403 about a repository that the caller may not read
// (ecr:BatchGetImage, and the right to log in) is a 404 NAME_UNKNOWN instead. The
// result itself, which the log has, always says the whole reason.
//
// Every permission is decided in the context of the request with the tags of its
// own resource: the source of a mount has its own, and a repository that is to be
// created, the catalog and the login have none.
//
// Amazon ECR asks for ecr:GetAuthorizationToken when it issues a token. Here it
// is asked beside the action of every request, so that taking the right to log
// in away is in force at once. A registry may be set to ask it at the login
// only, which is /v2/: then whoever lacks it cannot log in, but a client that
// skips the login is decided by the other actions alone.
//
// A caller without identity policies (a service, or the anonymous caller that a
// registry may serve) logs in nowhere and is not asked for it: only repository
// policies can allow it anything. /v2/ lets it pass, but asks an anonymous caller
// for a token where the registry's challenge does. An anonymous caller whom
// policies deny is answered 401 and never 403, since with a credential it might be
// allowed; where existence is hidden from it too, the 401 gives no reason.
//
// The context in which policies are decided is filled in this order, and of two
// keys of one name the first counts: what the request brings (address, transport,
// time), which trust policies see too; what follows from the caller; and last the
// registry's account, and the organization that the two accounts are members of.
// Nothing in it is what a client says of itself but aws:UserAgent and
// aws:referer: aws:SourceIp is the connection's peer, or what a configured
// number of trusted proxies say, and aws:SecureTransport what TLS leaves behind.
package authz
