// Package clientbin builds the linter, and the registry clients that are Go modules, for the
// tests of package clients. Each is built once and kept in the cache folder.
package clientbin
