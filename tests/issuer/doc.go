// Package issuer runs an OpenID Connect issuer for tests: it signs tokens with
// any claims, and serves its keys over HTTPS as issuers do, or fails to as
// issuers do. Its keys are made anew each time, and it signs with the standard
// library alone, so that what verifies its tokens is held to the standards and
// not to a library that both sides share.
//
//	issuer.go  Issuer: tokens, and the keys that verify them
//	key.go     one key: signing, and its JSON Web Key
//	serve.go   the key set over HTTPS, up, down, hanging or garbage
//	grant.go   a token service for registry clients
package issuer
