// Package oidc verifies the tokens of OpenID Connect issuers: JSON Web Tokens
// (RFC 7519) signed with a key of the issuer's JSON Web Key Set (RFC 7517).
//
// It knows issuers, keys and claims, and nothing of what a claim means: who the
// caller is, is for others to say. A [Verifier] answers with a [Token] or with an
// error. An error that is [ErrUnavailable] says that the keys could not be had;
// every other error says that the token does not hold. No error holds the token
// or its signature, and what it cites of the token is quoted and cut short.
package oidc
