// Package clientbin builds the linter, and the registry clients that are Go modules, for the
// tests of packages clients and awsclients. Each is built once and kept in the cache folder.
package clientbin
