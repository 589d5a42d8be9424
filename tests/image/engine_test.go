package image

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"extauthz/tests/prerequisite"
)

// requireEngine ends the test where no engine can run what this machine's Go
// builds: as a failure where nothing may be missing, skipped elsewhere.
func requireEngine(t *testing.T, ctx context.Context) {
	t.Helper()
	if err := engineRuns(ctx, runtime.GOOS+"/"+runtime.GOARCH); err != nil {
		prerequisite.Check(t, fmt.Errorf("the Dockerfile is not tested: %w", err))
	}
}

// engineRuns tells an engine that runs programs of platform, such as
// linux/amd64, from none.
func engineRuns(ctx context.Context, platform string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	e, err := try(ctx, nil, "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
	if err != nil {
		return fmt.Errorf("no Docker engine answers: %w", err)
	}
	if e.code != 0 {
		return fmt.Errorf("no Docker engine answers: %s", strings.TrimSpace(e.stderr))
	}
	if engine := strings.TrimSpace(e.stdout); engine != platform {
		return fmt.Errorf("the Docker engine runs %s, this machine's Go is for %s", engine, platform)
	}
	return nil
}
