// Package nearest finds the known name that is most similar to a misspelled one.
package nearest
