// Package oidctest signs tokens for tests, as an OpenID Connect issuer does.
//
// The map of the package:
//
//	signer.go  Signer: a key, its key set and its tokens
package oidctest
