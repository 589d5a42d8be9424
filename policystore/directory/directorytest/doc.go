// Package directorytest writes policy directories for tests.
package directorytest
