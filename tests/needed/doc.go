// Package needed ends a test for which something is missing on this machine, such
// as a program that it runs.
//
//	here.go  ends the test
package needed
