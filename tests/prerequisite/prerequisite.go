package prerequisite

import (
	"context"
	"errors"
	"os"
	"testing"
)

// Check ends the test if missing is not nil. The test is skipped; where CI=true is set, it
// fails. `make test` lists it either way. A search that ran out of time does not show that
// something is missing: the test fails.
func Check(t testing.TB, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case errors.Is(missing, context.DeadlineExceeded), os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// LeftToCI is the prefix of the reason why a test is skipped that `make test` leaves to
// .ci/run, because what the test runs takes long to build. `make test` lists such tests
// separately.
const LeftToCI = "left to .ci/run: "

// LeftToBench is the prefix of the reason why a test is skipped that needs what only `make bench`
// builds. `make test` and .ci/run list such tests separately.
const LeftToBench = "left to make bench: "
