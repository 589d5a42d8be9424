// Package oidc verifies the tokens of OpenID Connect issuers: JSON Web Tokens (RFC 7519)
// signed with a key of the issuer's JSON Web Key Set (RFC 7517).
//
// A [Verifier] returns a [Token] or an error. An error that is [ErrUnavailable] means that
// the issuer's keys could not be fetched; every other error means that the token is not
// valid. Errors contain neither the token nor its signature, and what they repeat of the
// token is quoted and cut short. Other packages interpret the claims.
package oidc
