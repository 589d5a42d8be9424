// Package certs makes the certificates of a test run: an authority, what Envoy
// shows to clients, and what clients show to Envoy. All are valid for an hour.
package certs
