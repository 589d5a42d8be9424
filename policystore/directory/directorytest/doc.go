// Package directorytest writes policy directories for tests. It is imported by tests
// alone.
package directorytest
