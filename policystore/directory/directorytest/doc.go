// Package directorytest writes policy directories for tests. It is imported by tests
// alone.
//
// The map of the package:
//
//	write.go   files, volumes as the kubelet has them, and files of any size
package directorytest
