// Package client signs in at the token endpoint: it exchanges a credential for a session
// token. Its errors contain neither.
package client
