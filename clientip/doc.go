// Package clientip groups IP addresses by the client that can use them, for limits that
// apply to each client.
package clientip
