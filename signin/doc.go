// Package signin serves the HTTP listener at which callers sign in: they exchange a
// credential for a session token. README.md describes it for operators.
//
// [Handler] serves the token endpoint of Docker's token protocol (Distribution, "Token
// Authentication Specification" and "Token Authentication OAuth2"), and the public keys of
// session tokens. Package authz decides who may sign in, as it decides everything else.
//
// It also serves the APIs of AWS's own clients, Amazon ECR and AWS STS, at POST /. Packages
// ecrapi and stsapi translate their protocols, and package sigv4 verifies the signatures.
//
// # What the handler trusts
//
// Envoy alone must be able to connect to the listener. The handler takes from a request
// the credential in Authorization or in the form, and the address and scheme that Envoy
// reports in x-forwarded-for and x-forwarded-proto. A request without them did not come
// through Envoy and is refused. Certificates and headers of trusted proxies are not
// credentials here.
//
// # Limits
//
// A body has at most 32 KiB. A request that takes longer than its deadline ends. At most a few
// requests run at a time, and a few more wait: signing in never takes more than a part of
// the processors, so that checks go on. Wrong passwords count for the limits of package
// basic, together with those of checks.
//
// # What is not exchanged
//
// A session token that is sent to the token endpoint is returned as it is, so that a client
// which stores it as a password can use the endpoint. It is never exchanged for another,
// which would renew the session. A refresh token is exchanged for a token of the same
// session, which begins and ends when the session does. Temporary credentials of AWS STS are
// exchanged as in AWS: for those of another role, and for a session token of a registry, which
// has the same limits and ends no later. A session token of a registry signs no call.
package signin
