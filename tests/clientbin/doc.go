// Package clientbin builds the registry clients that are Go modules, for the tests of
// package clients, and the linter. Each is built once and kept in the cache folder.
//
//	clients.go  the clients, and their versions
//	install.go  building one
package clientbin
