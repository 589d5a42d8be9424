// Package nearest finds the known name that a misspelled one was probably meant to be.
package nearest
