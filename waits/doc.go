// Package waits reports what a request waits for to what observes the request, through its
// context. Most requests wait for nothing, and only those that wait look for an observer.
package waits
