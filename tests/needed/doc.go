// Package needed ends a test for which something is missing on this machine, such
// as a program that it runs.
package needed

import (
	"os"
	"testing"
)

// Here ends the test if missing says what it lacks: as a failure where CI=true is
// set, skipped elsewhere. Either way `make test` tells of it at the end.
func Here(t testing.TB, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}
