// Package goldentest compares the output of a test with a golden file, which contains the
// expected output. The flag -update writes the golden files instead:
//
//	go test ./... -update
//
// "go test" passes the flag to the tests of every package, so each of them must import
// this package; tests/rules checks that. Read the changes before you commit them.
package goldentest
