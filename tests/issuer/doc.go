// Package issuer runs an OpenID Connect issuer for tests. It signs tokens with any claims and
// serves its keys over HTTPS, or fails to, as real issuers do. It makes new keys each time and
// signs with the standard library only, so that a fault of the library that verifies its tokens
// cannot hide in it.
package issuer
