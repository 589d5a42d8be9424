// Package certs makes the certificates of a test: an authority, the server certificate of
// Envoy, and client certificates. All are valid for an hour.
package certs
