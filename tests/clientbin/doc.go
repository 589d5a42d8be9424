// Package clientbin builds the linter, the registry clients that are Go modules, for the tests of
// packages clients and awsclients, and what the benchmark measures next to the sidecar. Each is
// built once and kept in the cache folder.
package clientbin
