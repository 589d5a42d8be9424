// Package goldentest compares what a test produced with a golden file: a file that
// holds the expected output. The flag -update writes the golden files instead:
//
//	go test ./... -update
//
// "go test" passes the flag to the tests of every package, so each of them imports
// this package; tests/rules checks that. Read what changed before you commit it.
package goldentest
