package bounded

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// dockerLimit is far above what a busy machine needs. Without an engine the client
// ends at once.
const dockerLimit = 2 * time.Minute

// Docker returns an error if no Docker engine responds to Docker's client.
func Docker(ctx context.Context) error {
	var reason strings.Builder
	version := exec.Command("docker", "version", "--format", "{{.Server.Version}}")
	version.Stderr = &reason
	err := Run(ctx, dockerLimit, version)
	if text := strings.Join(strings.Fields(reason.String()), " "); err != nil && text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	if err != nil {
		return fmt.Errorf("no Docker engine responds: %w", err)
	}
	return nil
}
