package needed

import (
	"context"
	"errors"
	"os"
	"testing"
)

// Here ends the test if missing says what it lacks: as a failure where CI=true is
// set, skipped elsewhere. Either way `make test` lists it at the end. Something that
// ran out of time is not missing: the test fails.
func Here(t testing.TB, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case errors.Is(missing, context.DeadlineExceeded), os.Getenv("CI") == "true":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}

// LeftToCI begins the reason of a test that `make test` leaves to .ci/run, because what
// it runs takes long to build. `make test` lists those apart.
const LeftToCI = "left to .ci/run: "
