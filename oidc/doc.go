// Package oidc verifies the tokens of OpenID Connect issuers: JSON Web Tokens
// (RFC 7519) signed with a key of the issuer's JSON Web Key Set (RFC 7517).
//
// It knows issuers, keys and claims, and nothing of what a claim means: who the
// caller is, is for others to say. An [Issuer] answers with a [Token] or with an
// error. An error that is [ErrUnavailable] says that the keys could not be had;
// every other error says that the token does not hold. No error holds the token
// or its signature, and what it cites of the token is quoted and cut short.
//
// The map of the package:
//
//	issuer.go      Issuer: which tokens hold, verified here or by Envoy
//	token.go       a token's form, strictly
//	claims.go      Claims, and whether issuer, audience and times hold
//	keyset.go      KeySet: which of an issuer's keys signed a token
//	jwks.go        the text of a key set, and which keys of it are used
//	remembered.go  the verified tokens, so that each is verified once
//	keycache.go    KeyCache: the key sets at URLs
//	source.go      when the keys at a URL are fetched, and what serves meanwhile
//	fetch.go       one fetch: https, no redirects, bounded
package oidc
