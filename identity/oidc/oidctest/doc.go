// Package oidctest signs tokens for tests, as an OpenID Connect issuer does.
package oidctest
